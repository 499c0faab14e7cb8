/* The same of the form for machines that are neither x86-64 nor have its instructions. */
#define BYTES16_PORTABLE
#include "test_bytes16.c"
