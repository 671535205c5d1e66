// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

/// @dev ln 2, 1e18 = 1.
uint256 constant LN_2 = 693_147_180_559_945_309;

/// @notice A price that was `last` and has come down towards `floor` for `elapsed` seconds, half the way in each
/// `halfLife`. Rounded up: the run is not entered for less than its price.
function decayedPriceUp(uint128 last, uint128 floor, uint256 elapsed, uint256 halfLife) pure returns (uint128) {
    if (last <= floor) return floor;
    uint256 kept = uint256(FixedPointMathLib.expWad(-int256((LN_2 * elapsed) / halfLife)));
    return floor + uint128(Math.mulDiv(last - floor, kept, 1e18, Math.Rounding.Ceil));
}

/// @notice The price after one more join, rounded up; it stops rising at the largest amount there is.
/// @param multiplier 1e18 = 1
function raisedPriceUp(uint128 price, uint128 multiplier) pure returns (uint128) {
    uint256 raised = Math.mulDiv(price, multiplier, 1e18, Math.Rounding.Ceil);
    return uint128(Math.min(raised, type(uint128).max));
}
