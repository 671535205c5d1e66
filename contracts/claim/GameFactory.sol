// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Duration} from "../types/Time.sol";
import {Game} from "./Game.sol";
import {IGameFactory} from "./IGameFactory.sol";
import {Verdicts} from "./Verdicts.sol";

/// @title GameFactory
/// @notice The manual is {IGameFactory}. Apart from the protocol contract because of the limit on code size.
contract GameFactory is IGameFactory {
    /// @notice What the moves of its games lead to.
    address public immutable rules;

    constructor(address rules_) {
        rules = rules_;
    }

    /// @inheritdoc IGameFactory
    function create(
        address stake,
        address claims,
        address runs,
        Duration clock
    ) external returns (address game, address verdicts) {
        verdicts = address(new Verdicts(stake, claims, runs));
        game = address(new Game(stake, claims, runs, verdicts, rules, clock));
    }
}
