// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev Parts and weights are out of so many.
uint32 constant WHOLE = 1e6;
