// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Duration} from "../types/Time.sol";

/// @title Makes a game, and the verdicts that it may decide about. Keeps nothing.
interface IGameFactory {
    /// @notice A new game and new verdicts among contracts that may not exist yet.
    /// @param clock seconds that each side has in one game
    function create(
        address stake,
        address claims,
        address runs,
        Duration clock
    ) external returns (address game, address verdicts);
}
