// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOwnership} from "../../../contracts/own/IOwnership.sol";
import {RunParameters} from "../../../contracts/run/RunParameters.sol";
import {Fixture} from "../lib/Fixture.sol";

/// @dev A miner and a validator (member 1) in round 1 of an epoch of 64.
contract LongEpochsTest is Fixture {
    function setUp() public {
        deploy();
        createRun();
        enlistAll(1, 1);
        openFirstRound();
    }

    function parameters() internal view override returns (RunParameters memory p) {
        p = super.parameters();
        p.epochRounds = 64;
    }

    /// @dev Nobody commits until this round is under way.
    function passUntil(uint32 round) private {
        while (runs.runOf(RUN).round < round) {
            pass(COMMIT_WINDOW);
            tickAll();
        }
    }

    function requireStatus(uint32 round, IOwnership.PayStatus expected) private view {
        (, IOwnership.PayStatus status) = ownership.payOf(RUN, round, 1);
        require(status == expected, "another status");
    }

    function test_void_inMidEpoch_takesWhatWasBuiltOnIt_andNothingBefore() public {
        for (uint256 i = 0; i < 12; ++i) playRound(1);
        challengeBy(1, workOf(10, 0));
        requireStatus(10, IOwnership.PayStatus.FROZEN);
        game.void(workOf(10, 0), ownerOf(1));
        passUntil(65);
        pass(CHALLENGE_WINDOW);
        for (uint32 round = 1; round < 10; ++round) requireStatus(round, IOwnership.PayStatus.CLAIMABLE);
        for (uint32 round = 10; round <= 12; ++round) requireStatus(round, IOwnership.PayStatus.FORFEITABLE);
        claimSharesOf(0, 9);
    }

    function test_void_inTheLastRound_takesNothingButIt_andEndsWithTheEpoch() public {
        playRound(1);
        passUntil(64);
        playRound(1);
        challengeBy(1, workOf(64, 0));
        playRound(1);
        game.void(workOf(64, 0), ownerOf(1));
        passUntil(129);
        pass(CHALLENGE_WINDOW);
        requireStatus(1, IOwnership.PayStatus.CLAIMABLE);
        requireStatus(64, IOwnership.PayStatus.FORFEITABLE);
        // Of the next epoch; it had not vested when the other was challenged.
        requireStatus(65, IOwnership.PayStatus.FORFEITABLE);
    }
}
