// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {place, placeOf} from "../Place.sol";
import {Duration} from "../types/Time.sol";
import {Game} from "./Game.sol";
import {IGameFactory} from "./IGameFactory.sol";

/// @title GameFactory
/// @notice The manual is {IGameFactory}.
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
        address verdicts,
        Duration clock
    ) external returns (address game) {
        return place(_initCode(stake, claims, runs, verdicts, clock));
    }

    /// @inheritdoc IGameFactory
    function addressOf(
        address stake,
        address claims,
        address runs,
        address verdicts,
        Duration clock
    ) external view returns (address game) {
        return placeOf(_initCode(stake, claims, runs, verdicts, clock));
    }

    function _initCode(
        address stake,
        address claims,
        address runs,
        address verdicts,
        Duration clock
    ) private view returns (bytes memory) {
        return bytes.concat(type(Game).creationCode, abi.encode(stake, claims, runs, verdicts, rules, clock));
    }
}
