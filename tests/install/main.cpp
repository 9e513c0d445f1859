// A user's program: links only the library and the library's own dependencies.
#include <tenbin/tenbin.h>

#include <iostream>

#ifdef XTENSOR_VERSION_MAJOR
#error "tenbin.h includes xtensor"
#endif

int main() {
  const tenbin::Variable x(tenbin::Array{{-1.f, 2.f}});
  tenbin::Variable y = tenbin::relu(x);
  y.set_grad(tenbin::Array{{3.f, 4.f}});
  y.backward();
  const bool right = x.grad().to_vector<float>() == std::vector<float>{0, 4};
  std::cout << "gradient " << x.grad().to_string() << (right ? "" : " is wrong") << '\n';
  return right ? 0 : 1;
}
