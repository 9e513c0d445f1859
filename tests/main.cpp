// The tests' main program. Catch2 2 compiles it here, once; Catch2 3 brings it along.
#if !__has_include(<catch2/catch_all.hpp>)
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#endif
