// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

/// @notice The curve that shares accrue along, M(n) = S (1 - e^(-lambda n / T)) / (1 - e^(-lambda)).
/// @param supply S, in the smallest unit
/// @param planned T, tokens
/// @param lambda 1e18 = 1
struct Curve {
    uint96 supply;
    uint64 planned;
    uint64 lambda;
}

using {sharesDown} for Curve global;

/// @notice M(n), rounded down; exactly S from T on.
/// @dev At n = T numerator and denominator are the same number, so the end is exact whatever `expWad` errs.
function sharesDown(Curve memory curve, uint256 tokens) pure returns (uint96) {
    if (tokens >= curve.planned) return curve.supply;
    uint256 whole = 1e18 - _decay(curve.lambda);
    uint256 part = 1e18 - _decay(Math.mulDiv(curve.lambda, tokens, curve.planned));
    return uint96(Math.mulDiv(curve.supply, part, whole));
}

/// @dev e^(-x), 1e18 = 1.
function _decay(uint256 x) pure returns (uint256) {
    return uint256(FixedPointMathLib.expWad(-int256(x)));
}
