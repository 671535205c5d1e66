// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Duration} from "../types/Time.sol";
import {Game} from "./Game.sol";
import {IGameFactory} from "./IGameFactory.sol";
import {IVerdictsFactory} from "./IVerdictsFactory.sol";

/// @title GameFactory
/// @notice The manual is {IGameFactory}. Apart from the protocol contract because of the limit on code size.
contract GameFactory is IGameFactory {
    /// @notice What the moves of its games lead to.
    address public immutable rules;

    /// @notice Who makes the verdicts.
    address public immutable verdictsFactory;

    constructor(address rules_, address verdictsFactory_) {
        rules = rules_;
        verdictsFactory = verdictsFactory_;
    }

    /// @inheritdoc IGameFactory
    function create(
        address stake,
        address claims,
        address runs,
        Duration clock
    ) external returns (address game, address verdicts) {
        verdicts = IVerdictsFactory(verdictsFactory).create(stake, claims, runs);
        game = address(new Game(stake, claims, runs, verdicts, rules, clock));
    }
}
