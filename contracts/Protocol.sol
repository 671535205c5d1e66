// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LibRLP} from "solady/src/utils/LibRLP.sol";

import {Claims} from "./claim/Claims.sol";
import {IGameFactory} from "./claim/IGameFactory.sol";
import {IProtocol} from "./IProtocol.sol";
import {IOwnershipFactory} from "./own/IOwnershipFactory.sol";
import {IAuditingFactory} from "./run/IAuditingFactory.sol";
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

    /// @inheritdoc IProtocol
    address public immutable receipts;

    /// @param token the stake token
    /// @param randomness where beacons come from
    /// @param limits what a run may be
    /// @param ownershipFactory who makes the ownership contract
    /// @param availabilityFactory who makes the availability committee's contract
    /// @param verdictsFactory who makes the verdicts
    /// @param receiptsFactory who makes the receipts
    /// @param gameFactory who makes the game
    /// @param clock seconds that each side has in one game
    /// @param unbondingDelay at least as long as `longestWindow`
    /// @param longestWindow the longest challenge window that a run may have
    constructor(
        address token,
        address randomness,
        address limits,
        address ownershipFactory,
        address availabilityFactory,
        address verdictsFactory,
        address receiptsFactory,
        address gameFactory,
        Duration clock,
        Duration unbondingDelay,
        Duration longestWindow
    ) {
        // A contract's first deployments have the nonces 1, 2, 3: each can know the others before they exist.
        stake = LibRLP.computeAddress(address(this), 1);
        claims = LibRLP.computeAddress(address(this), 2);
        runs = LibRLP.computeAddress(address(this), 3);

        availability = IAuditingFactory(availabilityFactory).addressOf(stake, claims, runs);
        verdicts = IAuditingFactory(verdictsFactory).addressOf(stake, claims, runs);
        receipts = IAuditingFactory(receiptsFactory).addressOf(stake, claims, runs);
        game = IGameFactory(gameFactory).addressOf(stake, claims, runs, verdicts, clock);
        ownership = IOwnershipFactory(ownershipFactory).addressOf(runs, verdicts);

        // INVARIANT: every contract is where the others think it is.
        assert(address(new StakeManager(token, claims, runs, unbondingDelay, longestWindow)) == stake);
        assert(address(new Claims(runs, stake, game, verdicts, receipts, availability, longestWindow)) == claims);
        assert(address(new Runs(stake, claims, ownership, availability, randomness, limits)) == runs);
    }
}
