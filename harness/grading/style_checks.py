"""The checks that style is judged by, each by the name that its tool gives it. What they find is
told in docs/style-points.md.

Points must not depend on the machine, so a check is listed only if it found the same in gcc 11 to
15, cppcheck 2.3 to 2.17 and cpplint 1.6.1 to 2.0.2. Those that look at words and types do. Left out
are

- those that follow values through a program, since each version follows them further: variables
  without a value, null pointers, leaks, conditions that are always true, scopes to be reduced;
- those that some version lacks, splits or widens, such as -Waddress, constParameter and
  whitespace/newline, and those that the C library's headers decide, such as -Wnonnull;
- what comes with another finding, such as -Wbuiltin-declaration-mismatch, or from two tools.
"""

from __future__ import annotations

GCC_CHECKS = (
    "-Wabsolute-value",
    "-Wbool-compare",
    "-Wbool-operation",
    "-Wcast-function-type",
    "-Wchar-subscripts",
    "-Wcomment",
    "-Wcpp",
    "-Wdangling-else",
    "-Wdiscarded-array-qualifiers",
    "-Wdiscarded-qualifiers",
    "-Wdiv-by-zero",
    "-Wduplicate-decl-specifier",
    "-Wduplicated-branches",
    "-Wduplicated-cond",
    "-Wempty-body",
    "-Wendif-labels",
    "-Wenum-compare",
    "-Wenum-conversion",
    "-Wexpansion-to-defined",
    "-Wformat",
    "-Wformat-contains-nul",
    "-Wformat-extra-args",
    "-Wformat-zero-length",
    "-Wignored-qualifiers",
    "-Wimplicit-function-declaration",
    "-Wimplicit-int",
    "-Wincompatible-pointer-types",
    "-Wint-conversion",
    "-Wint-in-bool-context",
    "-Wint-to-pointer-cast",
    "-Wlogical-not-parentheses",
    "-Wmain",
    "-Wmemset-elt-size",
    "-Wmemset-transposed-args",
    "-Wmisleading-indentation",
    "-Wmissing-braces",
    "-Wmissing-field-initializers",
    "-Wmultichar",
    "-Wmultistatement-macros",
    "-Wold-style-declaration",
    "-Woverride-init",
    "-Wparentheses",
    "-Wpointer-arith",
    "-Wpointer-compare",
    "-Wpointer-sign",
    "-Wpointer-to-int-cast",
    "-Wreturn-local-addr",
    "-Wreturn-type",
    "-Wsequence-point",
    "-Wshadow",
    "-Wshift-count-negative",
    "-Wshift-count-overflow",
    "-Wshift-negative-value",
    "-Wshift-overflow",
    "-Wsign-compare",
    "-Wsizeof-array-argument",
    "-Wsizeof-array-div",
    "-Wsizeof-pointer-div",
    "-Wsizeof-pointer-memaccess",
    "-Wswitch",
    "-Wswitch-bool",
    "-Wswitch-outside-range",
    "-Wtautological-compare",
    "-Wtrigraphs",
    "-Wtype-limits",
    "-Wunknown-pragmas",
    "-Wunused-but-set-parameter",
    "-Wunused-but-set-variable",
    "-Wunused-function",
    "-Wunused-label",
    "-Wunused-local-typedefs",
    "-Wunused-parameter",
    "-Wunused-value",
    "-Wunused-variable",
)
OTHER_NAMES = {"-Wreturn-mismatch": "-Wreturn-type"}
"""What gcc 14 calls otherwise."""

CPPCHECK_CHECKS = (
    "arrayIndexThenCheck",
    "assertWithSideEffect",
    "assignmentInAssert",
    "charLiteralWithCharPtrCompare",
    "duplicateConditionalAssign",
    "funcArgOrderDifferent",
    "incrementboolean",
    "invalidscanf",
    "memleakOnRealloc",
    "moduloAlwaysTrueFalse",
    "pointerLessThanZero",
    "pointerPositive",
    "selfAssignment",
    "sizeofCalculation",
    "sizeofsizeof",
)

CPPLINT_CHECKS = (
    "readability/multiline_comment",
    "readability/multiline_string",
    "readability/nul",
    "readability/utf8",
    "runtime/invalid_increment",
    "runtime/memset",
    "runtime/printf",
    "runtime/threadsafe_fn",
    "whitespace/blank_line",
    "whitespace/comma",
    "whitespace/empty_conditional_body",
    "whitespace/empty_if_body",
    "whitespace/empty_loop_body",
    "whitespace/end_of_line",
    "whitespace/ending_newline",
    "whitespace/indent",
    "whitespace/line_length",
    "whitespace/operators",
    "whitespace/parens",
    "whitespace/semicolon",
)
"""Of those that make sense for C: they leave tabs and the place of braces to the author."""
