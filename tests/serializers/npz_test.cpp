#include "tenbin/serializers/npz.h"

#include "tenbin/tests/catch.h"

using namespace tenbin;

namespace {

const std::string data = TENBIN_TEST_DATA "/serializers/";

}  // namespace

TEST_CASE("NpzReader reads what Chainer saved, compressed and stored") {
  const NpzReader deflated(data + "mlp_8_16_3.npz");
  const NpzReader stored(data + "mlp_8_16_3_stored.npz");
  CHECK(deflated.keys() == std::vector<std::string>{"l1/W", "l1/b", "l2/W", "l2/b", "l3/W", "l3/b"});
  for (const std::string& key : deflated.keys()) {
    const Array a = deflated.read(key);
    CHECK(a.dtype() == Dtype::float32);
    CHECK(a.shape() == stored.read(key).shape());
    CHECK(a.to_vector<float>() == stored.read(key).to_vector<float>());
  }
  CHECK(deflated.read("l1/W").shape() == Shape{16, 8});
  const NpzReader adam(data + "adam_8_16_3.npz");
  CHECK(adam.read("t").shape() == Shape{});
  CHECK(adam.read("t").dtype() == Dtype::int64);
  CHECK(adam.read("t").item<std::int64_t>() == 25);
  CHECK(adam.contains("predictor/l1/W/m"));
  CHECK_FALSE(adam.contains("predictor/l1/W"));
  CHECK(NpzReader(data + "mlp_expected.npz").read("loss").item() == Approx(0.1379294));
}
