// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOwnership} from "../../contracts/own/IOwnership.sol";
import {RunParameters} from "../../contracts/run/RunParameters.sol";
import {Fixture} from "./lib/Fixture.sol";
import {vm} from "./lib/Vm.sol";

/// @dev Two miners and a validator (member 2); epochs of one round, and pay that vests over three.
contract VestingTest is Fixture {
    function setUp() public {
        deploy();
        createRun();
        enlistAll(2, 1);
        openFirstRound();
    }

    function parameters() internal view override returns (RunParameters memory p) {
        p = super.parameters();
        p.epochRounds = 1;
        p.auditRate = 4_000;
        p.probationRounds = 255;
    }

    function playRounds(uint256 rounds) private {
        for (uint256 i = 0; i < rounds; ++i) playRound(2);
    }

    function requireStatus(uint32 round, IOwnership.PayStatus expected) private view {
        (, IOwnership.PayStatus status) = ownership.payOf(RUN, round, 1);
        require(status == expected, "another status");
    }

    function test_pay_vestsWhenThreeLaterRoundsHaveSettled_andNotBefore() public {
        playRounds(3);
        pass(CHALLENGE_WINDOW);
        requireStatus(1, IOwnership.PayStatus.PENDING);
        vm.expectRevert(
            abi.encodeWithSelector(IOwnership.NotClaimable.selector, workOf(1, 0), IOwnership.PayStatus.PENDING)
        );
        claimSharesOf(0, 1);
        tickAll();
        requireStatus(1, IOwnership.PayStatus.CLAIMABLE);
        requireStatus(2, IOwnership.PayStatus.PENDING);
        claimSharesOf(0, 1);
    }

    function test_failingToServe_takesWhatHadNotVested_andLeavesTheRest() public {
        playRounds(5);
        commitAll(2);
        auditWith(2);
        requireStatus(2, IOwnership.PayStatus.CLAIMABLE);
        requireStatus(3, IOwnership.PayStatus.PENDING);
        availability.reportUnserved(workOf(6, 0));
        requireStatus(2, IOwnership.PayStatus.CLAIMABLE);
        for (uint32 round = 3; round <= 5; ++round) {
            requireStatus(round, IOwnership.PayStatus.FORFEITABLE);
            ownership.forfeit(workOf(round, 0));
        }
        requireStatus(6, IOwnership.PayStatus.UNEARNED);
    }

    function test_failingToServe_duringAChallenge_takesWhatHadNotVestedWhenThatBegan() public {
        playRounds(4);
        challengeBy(2, workOf(4, 0));
        playRounds(1);
        commitAll(2);
        auditWith(2);
        availability.reportUnserved(workOf(6, 0));
        requireStatus(1, IOwnership.PayStatus.CLAIMABLE);
        requireStatus(2, IOwnership.PayStatus.FORFEITABLE);
    }

    function test_conviction_takesWhatHadNotVested_andLeavesTheRest() public {
        playRounds(5);
        // Round 6 is under way: 1 and 2 have vested.
        challengeBy(2, workOf(5, 0));
        requireStatus(2, IOwnership.PayStatus.CLAIMABLE);
        requireStatus(3, IOwnership.PayStatus.FROZEN);
        game.void(workOf(5, 0), ownerOf(2));
        uint96 carry = ownership.ledgerOf(RUN).carry;
        uint96 taken = 0;
        for (uint32 round = 3; round <= 5; ++round) {
            requireStatus(round, IOwnership.PayStatus.FORFEITABLE);
            ownership.forfeit(workOf(round, 0));
            requireStatus(round, IOwnership.PayStatus.FORFEITED);
            taken += payPerRound(round);
        }
        require(ownership.ledgerOf(RUN).carry == carry + taken);
        claimSharesOf(0, 1);
        claimSharesOf(0, 2);
        // Nobody else loses anything.
        pass(CHALLENGE_WINDOW);
        tickAll();
        claimSharesOf(1, 3);
    }

    function test_conviction_takesTheRoundUnderWay_andNoLaterOne() public {
        playRounds(2);
        challengeBy(2, workOf(2, 0));
        game.void(workOf(2, 0), ownerOf(2));
        playRounds(2);
        requireStatus(3, IOwnership.PayStatus.FORFEITABLE);
        requireStatus(4, IOwnership.PayStatus.PENDING);
        playRounds(3);
        pass(CHALLENGE_WINDOW);
        claimSharesOf(0, 4);
    }

    function test_longGame_takesNothingOutOfReach() public {
        playRounds(2);
        challengeBy(2, workOf(2, 0));
        playRounds(6);
        pass(CHALLENGE_WINDOW);
        // By now rounds 1 to 4 would have vested.
        for (uint32 round = 1; round <= 8; ++round) requireStatus(round, IOwnership.PayStatus.FROZEN);
        game.void(workOf(2, 0), ownerOf(2));
        for (uint32 round = 1; round <= 8; ++round) requireStatus(round, IOwnership.PayStatus.FORFEITABLE);
    }

    function test_acquittal_paysWhatHasVestedMeanwhile() public {
        playRounds(2);
        challengeBy(2, workOf(2, 0));
        playRounds(3);
        requireStatus(1, IOwnership.PayStatus.FROZEN);
        game.uphold(workOf(2, 0), ownerOf(2));
        requireStatus(1, IOwnership.PayStatus.CLAIMABLE);
        requireStatus(2, IOwnership.PayStatus.CLAIMABLE);
        requireStatus(3, IOwnership.PayStatus.PENDING);
    }

    function test_twoTrialsAtOnce_reachBackToTheFirst_untilBothAreOver() public {
        playRounds(2);
        challengeBy(2, workOf(2, 0));
        playRounds(3);
        challengeBy(2, workOf(5, 0));
        game.uphold(workOf(2, 0), ownerOf(2));
        requireStatus(1, IOwnership.PayStatus.FROZEN);
        game.void(workOf(5, 0), ownerOf(2));
        requireStatus(1, IOwnership.PayStatus.FORFEITABLE);
        requireStatus(5, IOwnership.PayStatus.FORFEITABLE);
    }

    function test_twoConvictionsInOneRound_takeWhatTheFirstTook() public {
        playRounds(2);
        challengeBy(2, workOf(2, 0));
        playRounds(4);
        game.void(workOf(2, 0), ownerOf(2));
        challengeBy(2, workOf(6, 0));
        game.void(workOf(6, 0), ownerOf(2));
        requireStatus(1, IOwnership.PayStatus.FORFEITABLE);
        requireStatus(6, IOwnership.PayStatus.FORFEITABLE);
    }

    function test_laterConviction_leavesWhatVestedBetween() public {
        playRounds(1);
        challengeBy(2, workOf(1, 0));
        game.void(workOf(1, 0), ownerOf(2));
        // Round 2 was under way, and is lost; 3 and 4 vest.
        playRounds(7);
        challengeBy(2, workOf(8, 0));
        game.void(workOf(8, 0), ownerOf(2));
        requireStatus(2, IOwnership.PayStatus.FORFEITABLE);
        for (uint32 round = 3; round <= 5; ++round) requireStatus(round, IOwnership.PayStatus.CLAIMABLE);
        for (uint32 round = 6; round <= 8; ++round) requireStatus(round, IOwnership.PayStatus.FORFEITABLE);
    }

    function test_forfeitedPay_joinsTheNextBudget() public {
        playRounds(2);
        challengeBy(2, workOf(2, 0));
        game.void(workOf(2, 0), ownerOf(2));
        uint96 taken = payPerRound(1) + payPerRound(2);
        ownership.forfeit(workOf(1, 0));
        ownership.forfeit(workOf(2, 0));
        IOwnership.Ledger memory before = ownership.ledgerOf(RUN);
        require(before.carry >= taken);
        playRounds(1);
        uint96 budget = ownership.ledgerOf(RUN).accrued - before.accrued + before.carry;
        require(ownership.payPerSegment(RUN, 3) == withoutVerdictPart(budget) / 32);
    }
}
