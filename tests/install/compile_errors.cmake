# Code that must not compile is refused with the expected message.
#   cmake -D SOURCE=... -D BUILD=... -D COMPILER=... -P compile_errors.cmake
set(work ${BUILD}/tests/compile_errors)
file(REMOVE_RECURSE ${work})

# Compiles a program with the given lines; the messages are in `output`.
function(compile standard lines)
  string(JOIN "\n" program
    "#include <complex>"
    "#include <string>"
    "#include <vector>"
    "#include \"tenbin/core/config.h\""
    "#include \"tenbin/functions/activation/leaky_relu.h\""
    "#include \"tenbin/functions/math/basic_math.h\""
    "#include \"tenbin/links/sequential.h\""
    "using namespace tenbin;"
    "void f(const Array& a, const std::vector<float>& v, Variable w, Parameter& p, const Config& modes) {"
    "#line 1"
    "${lines}static_cast<void>(a), static_cast<void>(v), static_cast<void>(p), static_cast<void>(modes); }\n")
  file(WRITE ${work}/program.cpp "${program}")
  execute_process(
    COMMAND ${COMPILER} -std=c++${standard} -Wall -Wextra -Werror -fsyntax-only -I ${SOURCE}/include ${work}/program.cpp
    RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  set(result ${result} PARENT_SCOPE)
  set(output "${output}" PARENT_SCOPE)
endfunction()

function(compiles standard lines)
  compile(${standard} "${lines}")
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "C++${standard} refuses: ${lines}\n${output}")
  endif()
endfunction()

# Every statement, one per line, must be refused with the expected text.
function(are_refused expected)
  string(JOIN "\n" lines ${ARGN})
  string(REPLACE "\n" ";\n" lines "${lines};\n")
  compile(17 "${lines}")
  set(line 0)
  foreach(statement IN LISTS ARGN)
    math(EXPR line "${line} + 1")
    if(NOT output MATCHES "program\\.cpp:${line}:")
      message(FATAL_ERROR "it compiles: ${statement}\n${output}")
    endif()
  endforeach()
  if(NOT output MATCHES "${expected}")
    message(FATAL_ERROR "not refused for: ${expected}\n${output}")
  endif()
endfunction()

# A guard without a name ends at once; the result of some calls must be used.
are_refused("nodiscard"
  "NoBackprop()" "TestMode()" "DebugMode()" "AllowTF32()" "NoBackprop{}" "UseConfig{modes}"
  "a.to(Device::cpu())" "a.astype(Dtype::int32)" "a.copy()" "a.reshape({1, 1})" "a.slice(0, 1)")
are_refused("the elements of an Array must be bool, integers, float or double"
  "Array(std::vector<long double>(3)).size()" "Array(std::vector<std::complex<float>>(3)).size()"
  "Array(std::vector<std::string>(3)).size()" "Array(std::vector<float*>(3)).size()")
are_refused("an Array holds float, double, std::int32_t, std::int64_t or std::uint8_t"
  "static_cast<void>(a.data<long long>())")
# += makes a new variable, which cannot be assigned to a parameter.
are_refused("no match|no viable" "p += w")

set(good "const NoBackprop off; const UseConfig use(modes); w += w; w -= 1; w *= a; w /= 2.0;\n")
compiles(17 "${good}static_cast<void>(Array(v.data(), Shape{4, 3}));\n")
compiles(20 "${good}static_cast<void>(Array(std::span<const float>(v), Shape{4, 3}));\n")

# The default of a function's second argument is lost when it is passed as a layer.
are_refused("a layer of a Sequential must be callable with one Variable: bind further arguments" "Sequential(neg, leaky_relu)")
compiles(17 "Sequential model(with_arguments(leaky_relu, 0.1), neg); w = model(w);")

file(REMOVE_RECURSE ${work})
