// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOwnership} from "../../../contracts/own/IOwnership.sol";
import {IRuns} from "../../../contracts/run/IRuns.sol";
import {RunParameters} from "../../../contracts/run/RunParameters.sol";
import {Shortfalls} from "../../../contracts/run/Shortfalls.sol";
import {MemberSet} from "../../../contracts/types/MemberSet.sol";
import {Root} from "../../../contracts/types/Root.sol";
import {Fixture} from "../lib/Fixture.sol";
import {vm} from "../lib/Vm.sol";

/// @dev Three miners and a validator (member 3) in round 1; a round has 16 segments, of which 3 at least are done.
contract SpeedsTest is Fixture {
    Shortfalls private _shortfalls;

    function setUp() public {
        deploy();
        createRun();
        enlistAll(3, 1);
        openFirstRound();
    }

    function parameters() internal view override returns (RunParameters memory p) {
        p = super.parameters();
        p.minSegments = 3;
        p.probationRounds = 255;
    }

    /// @dev Members 0 to 2 do 16, 5 and 3 segments.
    function playSpeeds() private {
        commitBy(0);
        commitBy(1, 5);
        commitBy(2, 3);
        audit();
        aggregateBy(0, 7, Root.wrap("next"));
        pass(CHALLENGE_WINDOW);
        tickAll();
    }

    function expectWrongCount(uint256 given) private {
        vm.expectRevert(abi.encodeWithSelector(IRuns.WrongSegmentCount.selector, given, 3, 16));
    }

    function test_commit_ofFewerSegmentsThanTheRunAllows_orMore_reverts() public {
        IRuns.Commitment memory c = commitment();
        c.segmentRoots = new bytes32[](2);
        expectWrongCount(2);
        vm.prank(nodeOf(0));
        runs.commit(RUN, 1, c);
        c.segmentRoots = new bytes32[](17);
        expectWrongCount(17);
        vm.prank(nodeOf(0));
        runs.commit(RUN, 1, c);
        commitBy(0, 3);
        require(runs.segmentsOf(RUN, 1, 1) == 3);
    }

    function test_segments_areThoseOfTheCommit_andOfTheRoundAlone() public {
        playSpeeds();
        for (uint256 i = 0; i < 3; ++i) commitBy(i);
        uint8[3] memory segments = [16, 5, 3];
        for (uint32 seat = 1; seat <= 3; ++seat) {
            require(runs.segmentsOf(RUN, 1, seat) == segments[seat - 1]);
            require(runs.segmentsOf(RUN, 2, seat) == 16);
            require(runs.outcomeOf(RUN, 1, seat).segments == segments[seat - 1]);
        }
    }

    function test_draw_isAmongTheSegmentsBeforeASeatsLast() public {
        bool[16] memory seen;
        for (uint32 round = 1; round <= 60; ++round) {
            commitBy(0);
            commitBy(1, 3);
            commitBy(2, 5);
            tickAll();
            (, uint8 whole) = runs.drawn(RUN, round, 1);
            (, uint8 short) = runs.drawn(RUN, round, 2);
            require(whole < 15 && short < 2);
            seen[whole] = true;
            pass(AUDIT_WINDOW + AGGREGATE_WINDOW);
            tickAll();
        }
        uint256 late = 0;
        for (uint256 i = 2; i < 15; ++i) if (seen[i]) ++late;
        require(late > 8);
    }

    function test_pay_isInProportionToSegments() public {
        playSpeeds();
        IOwnership.Ledger memory ledger = ownership.ledgerOf(RUN);
        uint96 budget = ownership.curveDown(RUN, 24_000);
        require(ledger.verifiedTokens == 24_000 && ledger.accrued == budget);
        uint96 each = withoutVerdictPart(budget) / 24;
        require(ledger.carry == budget - each * 24);
        uint8[3] memory segments = [16, 5, 3];
        uint96 paid = 0;
        for (uint32 seat = 1; seat <= 3; ++seat) {
            (uint96 pay, ) = ownership.payOf(RUN, 1, seat);
            require(pay == each * segments[seat - 1]);
            paid += pay;
        }
        require(paid + ledger.carry == budget);
    }

    function test_pay_ofWhoIsLeftOut_isNotCounted() public {
        commitBy(0);
        commitBy(1, 5);
        commitBy(2, 3);
        auditWith(5);
        aggregateBy(0, 5, Root.wrap("next"));
        pass(CHALLENGE_WINDOW);
        tickAll();
        require(ownership.ledgerOf(RUN).verifiedTokens == 19_000);
        (uint96 pay, IOwnership.PayStatus status) = ownership.payOf(RUN, 1, 2);
        require(pay == 0 && status == IOwnership.PayStatus.UNEARNED);
    }

    function test_forfeit_ofASlowMiner_carriesItsOwnPay() public {
        playSpeeds();
        challengeBy(3, workOf(1, 1));
        game.void(workOf(1, 1), ownerOf(3));
        uint96 carry = ownership.ledgerOf(RUN).carry;
        ownership.forfeit(workOf(1, 1));
        require(ownership.ledgerOf(RUN).carry == carry + ownership.payPerSegment(RUN, 1) * 5);
    }

    function testFuzz_shortfalls_addUpAsALoopWould(uint256 members, uint256 seed) public {
        uint256 expected = 0;
        for (uint256 i = 0; i < 64; ++i) {
            uint256 shortfall = (seed >> (4 * i)) & 15;
            if (shortfall != 0) _shortfalls.note(uint8(4 * i), shortfall);
            if ((members >> (4 * i)) & 1 == 1) expected += shortfall;
        }
        for (uint256 i = 0; i < 64; ++i) {
            require(_shortfalls.shortfallOf(uint8(4 * i)) == (seed >> (4 * i)) & 15);
            require(_shortfalls.shortfallOf(uint8(4 * i + 1)) == 0);
        }
        require(_shortfalls.sum(MemberSet.wrap(members)) == expected);
    }
}
