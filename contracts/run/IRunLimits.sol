// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Duration} from "../types/Time.sol";
import {RunParameters} from "./RunParameters.sol";

/// @title What a run may be.
/// @notice Bounds keep every later computation away from overflow and division by zero, and every window finite. Apart from
/// the runs contract because of the limit on code size; it keeps nothing.
interface IRunLimits {
    /// @notice Reverts with `ParameterOutOfRange` unless every parameter is within its bounds.
    /// @param longestWindow of the claims contract
    function requireValid(RunParameters calldata parameters, Duration longestWindow) external view;
}
