// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LibRLP} from "solady/src/utils/LibRLP.sol";

import {Claims} from "./claim/Claims.sol";
import {IGameFactory} from "./claim/IGameFactory.sol";
import {IProtocol} from "./IProtocol.sol";
import {Ownership} from "./own/Ownership.sol";
import {IAvailabilityFactory} from "./run/IAvailabilityFactory.sol";
import {Runs} from "./run/Runs.sol";
import {StakeManager} from "./stake/StakeManager.sol";
import {Duration} from "./types/Time.sol";

/// @title Protocol
/// @notice The manual is {IProtocol}.
contract Protocol is IProtocol {
    /// @inheritdoc IProtocol
    address public immutable stake;

    /// @inheritdoc IProtocol
    address public immutable claims;

    /// @inheritdoc IProtocol
    address public immutable runs;

    /// @inheritdoc IProtocol
    address public immutable ownership;

    /// @inheritdoc IProtocol
    address public immutable availability;

    /// @inheritdoc IProtocol
    address public immutable game;

    /// @inheritdoc IProtocol
    address public immutable verdicts;

    /// @param token the stake token
    /// @param randomness where beacons come from
    /// @param limits what a run may be
    /// @param shareTokenFactory who makes share tokens
    /// @param availabilityFactory who makes the availability committee's contract
    /// @param gameFactory who makes the game and the verdicts
    /// @param clock seconds that each side has in one game
    /// @param unbondingDelay at least as long as `longestWindow`
    /// @param longestWindow the longest challenge window that a run may have
    constructor(
        address token,
        address randomness,
        address limits,
        address shareTokenFactory,
        address availabilityFactory,
        address gameFactory,
        Duration clock,
        Duration unbondingDelay,
        Duration longestWindow
    ) {
        // A contract's first deployments have the nonces 1, 2, 3, 4: each can know the others before they exist.
        stake = LibRLP.computeAddress(address(this), 1);
        claims = LibRLP.computeAddress(address(this), 2);
        runs = LibRLP.computeAddress(address(this), 3);
        ownership = LibRLP.computeAddress(address(this), 4);

        // None of them calls anyone while it is made.
        availability = IAvailabilityFactory(availabilityFactory).create(stake, claims, runs);
        (game, verdicts) = IGameFactory(gameFactory).create(stake, claims, runs, clock);

        // INVARIANT: every contract is where the others think it is.
        assert(address(new StakeManager(token, claims, runs, unbondingDelay, longestWindow)) == stake);
        assert(address(new Claims(runs, stake, game, verdicts, availability, longestWindow)) == claims);
        assert(address(new Runs(stake, claims, ownership, availability, randomness, limits)) == runs);
        assert(address(new Ownership(runs, shareTokenFactory)) == ownership);
    }
}
