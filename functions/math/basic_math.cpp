#include "tenbin/functions/math/basic_math.h"

#include "tenbin/functions/detail/elementwise_bodies.h"

namespace tenbin {

TENBIN_ELEMENTWISE_BINARY(AddFormula);
TENBIN_ELEMENTWISE_BINARY(SubFormula);
TENBIN_ELEMENTWISE_BINARY(MulFormula);
TENBIN_ELEMENTWISE_BINARY(DivFormula);
TENBIN_ELEMENTWISE_BINARY(PowFormula);

TENBIN_ELEMENTWISE(AddScalarFormula);
TENBIN_ELEMENTWISE(SubScalarFormula);
TENBIN_ELEMENTWISE(SubFromScalarFormula);
TENBIN_ELEMENTWISE(MulScalarFormula);
TENBIN_ELEMENTWISE(DivByScalarFormula);
TENBIN_ELEMENTWISE(DivScalarFormula);
TENBIN_ELEMENTWISE(PowScalarFormula);
TENBIN_ELEMENTWISE(ScalarPowFormula);
TENBIN_ELEMENTWISE(PowTwoFormula);
TENBIN_ELEMENTWISE(NegFormula);
TENBIN_ELEMENTWISE(AbsoluteFormula);

}  // namespace tenbin
