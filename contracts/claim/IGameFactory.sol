// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Duration} from "../types/Time.sol";

/// @title Makes the game of a new protocol, once for the same arguments. Keeps nothing.
interface IGameFactory {
    /// @notice Creates it among contracts that may not exist yet, unless it is there. Anyone may call.
    /// @param clock seconds that each side has in one game
    function create(
        address stake,
        address claims,
        address runs,
        address verdicts,
        Duration clock
    ) external returns (address game);

    /// @notice Where it is, or will be.
    function addressOf(
        address stake,
        address claims,
        address runs,
        address verdicts,
        Duration clock
    ) external view returns (address game);
}
