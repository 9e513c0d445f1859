// All of distributed/, for programs of several processes, which link tenbin::distributed.
#pragma once

#include "tenbin/distributed/communicator.h"
#include "tenbin/distributed/data_parallel.h"
#include "tenbin/distributed/evaluation.h"
#include "tenbin/distributed/peers.h"
#include "tenbin/distributed/sharded_dataset.h"
#include "tenbin/distributed/world.h"
