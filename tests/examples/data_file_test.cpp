#include "tenbin/examples/common/data_file.h"

#include "tenbin/tests/catch.h"

TEST_CASE("data_file names the command that downloads a missing file") {
  CHECK_THROWS_WITH(tenbin::examples::data_file("nowhere", "shuttle-train.csv", "shuttle"),
                    "nowhere/shuttle-train.csv: no such file; scripts/data.sh shuttle writes it to data/");
}
