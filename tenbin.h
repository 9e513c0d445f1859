// Everything a training script needs. Pulls in neither xtensor nor CUDA.
#pragma once

#include "tenbin/core/array.h"
#include "tenbin/core/config.h"
#include "tenbin/core/function.h"
#include "tenbin/core/parallel.h"
#include "tenbin/core/random.h"
#include "tenbin/core/variable.h"
#include "tenbin/datasets/fashion_mnist.h"
#include "tenbin/datasets/idx.h"
#include "tenbin/functions/activation/relu.h"
#include "tenbin/functions/loss/reduce.h"
#include "tenbin/functions/loss/softmax_cross_entropy.h"
#include "tenbin/serializers/npz.h"
#include "tenbin/functions/connection/linear.h"
#include "tenbin/links/initializers.h"
#include "tenbin/links/linear.h"
#include "tenbin/links/link.h"
