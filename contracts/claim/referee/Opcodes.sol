// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

// The operators' numbers in descriptors: the table of docs/arithmetic.md. An opcode is never reused.

uint16 constant ADD = 1;
uint16 constant SUB = 2;
uint16 constant MUL = 3;
uint16 constant DIV = 4;
uint16 constant SQRT = 5;
uint16 constant MAX = 6;
uint16 constant MIN = 7;
uint16 constant NEG = 8;
uint16 constant ABS = 9;
uint16 constant FLOOR = 10;
uint16 constant RINT = 11;

uint16 constant POW2CEIL = 16;
uint16 constant EXP2I = 17;
uint16 constant QUANTIZE = 18;
uint16 constant RESIDUAL = 19;
uint16 constant TO_FIXED = 20;
uint16 constant FROM_I32 = 21;
uint16 constant FUSED = 22;

uint16 constant MATMUL_NT = 32;
uint16 constant ADD_I32 = 33;

uint16 constant REDUCE_MAX = 40;
uint16 constant SUM_I32 = 41;
uint16 constant REDUCE_ABSMAX = 42;

uint16 constant RESHAPE = 48;
uint16 constant TRANSPOSE = 49;
uint16 constant SLICE = 50;
uint16 constant CONCAT = 51;
uint16 constant BROADCAST = 52;
uint16 constant GATHER = 53;
uint16 constant ONE_HOT = 54;

uint16 constant LOAD_BATCH = 64;

uint16 constant TOPK_CHUNK = 80;
uint16 constant PACK_CHUNK = 81;
uint16 constant SCATTER_CHUNK = 82;
uint16 constant SORT_LANES = 83;
