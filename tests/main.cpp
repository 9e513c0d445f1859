// The tests' main program. Catch2 2 is compiled here, once; Catch2 3 provides main.
#if !__has_include(<catch2/catch_all.hpp>)
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#endif
