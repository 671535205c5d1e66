// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IStakeManager} from "../../contracts/stake/IStakeManager.sol";
import {IVerdicts} from "../../contracts/claim/IVerdicts.sol";
import {IRandomness} from "../../contracts/run/IRandomness.sol";
import {IRuns} from "../../contracts/run/IRuns.sol";
import {RunParameters} from "../../contracts/run/RunParameters.sol";
import {ClaimId} from "../../contracts/types/ClaimId.sol";
import {MemberSet} from "../../contracts/types/MemberSet.sol";
import {Root} from "../../contracts/types/Root.sol";
import {Instant} from "../../contracts/types/Time.sol";
import {Fixture} from "./lib/Fixture.sol";
import {vm} from "./lib/Vm.sol";

/// @dev Two miners and two validators (members 2 and 3) in round 1.
contract RoundsTest is Fixture {
    function setUp() public {
        deploy();
        createRun();
        enlistAll(2, 2);
        openFirstRound();
    }

    function expectStatus(uint32 round, IRuns.RoundStatus status) private {
        vm.expectRevert(abi.encodeWithSelector(IRuns.WrongStatus.selector, RUN, round, status));
    }

    function expectNothingDue(IRuns.RoundStatus status) private {
        uint32 round = runs.runOf(RUN).round;
        vm.expectRevert(abi.encodeWithSelector(IRuns.NothingDue.selector, RUN, round, status));
        runs.tick(RUN);
    }

    function requireStatus(IRuns.RoundStatus status) private view {
        require(runs.runOf(RUN).status == status);
    }

    function commitWith(uint256 member, uint32 round, IRuns.Commitment memory c) private {
        vm.prank(nodeOf(member));
        runs.commit(RUN, round, c);
    }

    function parameters() internal view override returns (RunParameters memory p) {
        p = super.parameters();
        p.auditRate = 1_000;
    }

    function reportBy(uint256 member) private {
        vm.prank(nodeOf(member));
        verdicts.report(RUN, 1, MemberSet.wrap(3));
    }

    function test_commit_forAnotherRound_reverts() public {
        IRuns.Commitment memory c = commitment();
        vm.expectRevert(abi.encodeWithSelector(IRuns.WrongRound.selector, RUN, 2, 1));
        commitWith(0, 2, c);
    }

    function test_commit_onAnotherParent_reverts() public {
        IRuns.Commitment memory c = commitment();
        c.parent = Root.wrap("elsewhere");
        vm.expectRevert(abi.encodeWithSelector(IRuns.WrongParent.selector, c.parent, GENESIS));
        commitWith(0, 1, c);
    }

    function test_commit_withAnotherNumberOfSegments_reverts() public {
        IRuns.Commitment memory c = commitment();
        c.segmentRoots = new bytes32[](15);
        vm.expectRevert(abi.encodeWithSelector(IRuns.WrongSegmentCount.selector, 15, 16, 16));
        commitWith(0, 1, c);
        c.segmentRoots = new bytes32[](17);
        vm.expectRevert(abi.encodeWithSelector(IRuns.WrongSegmentCount.selector, 17, 16, 16));
        commitWith(0, 1, c);
    }

    function test_commit_byAStranger_orByTheOwnerKey_reverts() public {
        IRuns.Commitment memory c = commitment();
        bytes memory reason = abi.encodeWithSelector(IRuns.NotServing.selector, RUN, address(0), 1);
        vm.expectRevert(reason);
        runs.commit(RUN, 1, c);
        vm.expectRevert(reason);
        vm.prank(ownerOf(0));
        runs.commit(RUN, 1, c);
    }

    function test_commit_byAValidator_reverts() public {
        IRuns.Commitment memory c = commitment();
        vm.expectRevert(abi.encodeWithSelector(IRuns.NothingAwaited.selector, RUN, 1, 2));
        commitWith(2, 1, c);
    }

    function test_commit_twice_reverts() public {
        commitBy(0);
        IRuns.Commitment memory c = commitment();
        vm.expectRevert(abi.encodeWithSelector(IRuns.NothingAwaited.selector, RUN, 1, 0));
        commitWith(0, 1, c);
    }

    function test_commit_withoutStake_reverts() public {
        uint128 free = stake.accountOf(ownerOf(0)).free;
        vm.prank(ownerOf(0));
        stake.startUnbonding(free - MINER_BOND + 1);
        IRuns.Commitment memory c = commitment();
        vm.expectRevert(
            abi.encodeWithSelector(IStakeManager.InsufficientFree.selector, ownerOf(0), MINER_BOND - 1, MINER_BOND)
        );
        commitWith(0, 1, c);
    }

    function test_commit_atTheDeadline_reverts_andOneSecondBeforeCounts() public {
        IRuns.Commitment memory c = commitment();
        uint256 deadline = Instant.unwrap(runs.roundOf(RUN, 1).commitDeadline);
        vm.warp(deadline);
        requireStatus(IRuns.RoundStatus.SEALED);
        expectStatus(1, IRuns.RoundStatus.SEALED);
        commitWith(0, 1, c);
        vm.warp(deadline - 1);
        requireStatus(IRuns.RoundStatus.OPEN);
        commitWith(0, 1, c);
        require(claims.wordOf(workOf(1, 0)) == keccak256(abi.encode(ownerOf(0), c)));
    }

    function test_commit_byANodeReplacedInMidRound_isItsOwners() public {
        vm.prank(ownerOf(0));
        stake.setNode(address(0xBEEF));
        IRuns.Commitment memory c = commitment();
        vm.expectRevert(abi.encodeWithSelector(IRuns.NotServing.selector, RUN, address(0), 1));
        commitWith(0, 1, c);
        vm.prank(address(0xBEEF));
        runs.commit(RUN, 1, c);
        vm.prank(ownerOf(0));
        stake.setNode(nodeOf(0));
        vm.expectRevert(abi.encodeWithSelector(IRuns.NothingAwaited.selector, RUN, 1, 0));
        commitWith(0, 1, c);
    }

    function test_round_sealsWhenEveryMinerHasCommitted() public {
        commitBy(0);
        requireStatus(IRuns.RoundStatus.OPEN);
        expectNothingDue(IRuns.RoundStatus.OPEN);
        commitBy(1);
        requireStatus(IRuns.RoundStatus.SEALED);
    }

    function test_tick_beforeTheRandomnessIsThere_reverts() public {
        commitAll(2);
        runs.tick(RUN);
        expectNothingDue(IRuns.RoundStatus.SEALED);
        vm.roll(vm.getBlockNumber() + 1);
        runs.tick(RUN);
        bytes32 beacon = runs.roundOf(RUN, 1).beacon;
        require(beacon != bytes32(0));
        expectNothingDue(IRuns.RoundStatus.SEALED);
        require(runs.roundOf(RUN, 1).beacon == beacon);
    }

    function test_tick_whenTheRandomnessIsLost_auditsEveryone() public {
        for (uint32 round = 1; round <= 5; ++round) playRound(2);
        commitAll(2);
        runs.tick(RUN);
        bytes32 nothing = bytes32(0);
        vm.mockCall(
            runs.randomness(),
            abi.encodeWithSelector(IRandomness.read.selector),
            abi.encode(IRandomness.Draw.LOST, nothing)
        );
        runs.tick(RUN);
        IRuns.RoundView memory facts = runs.roundOf(RUN, 6);
        require(facts.beaconLost && facts.beacon != nothing);
        for (uint32 seat = 1; seat <= 4; ++seat) {
            (bool isDrawn, ) = runs.drawn(RUN, 6, seat);
            require(isDrawn);
        }
    }

    function test_drawn_beforeTheBeacon_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IRuns.NoBeacon.selector, RUN, 1));
        runs.drawn(RUN, 1, 1);
    }

    function test_drawn_isCertainInProbationAndRareAfterIt() public {
        uint256 drawn = 0;
        for (uint32 round = 1; round <= 60; ++round) {
            commitAll(2);
            tickAll();
            for (uint32 seat = 1; seat <= 2; ++seat) {
                (bool isDrawn, uint8 segment) = runs.drawn(RUN, round, seat);
                require(segment < 15);
                if (round == 1) require(isDrawn);
                else if (isDrawn) ++drawn;
            }
            pass(AUDIT_WINDOW + AGGREGATE_WINDOW);
            tickAll();
        }
        // 118 draws of 1 in 10: 12 expected, within five standard deviations.
        require(drawn > 0 && drawn < 28);
    }

    function test_report_beforeTheBeacon_reverts() public {
        commitAll(2);
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.NoAudit.selector, RUN, 1));
        reportBy(2);
    }

    function test_report_byAMiner_reverts() public {
        commitAll(2);
        tickAll();
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.NotOnDuty.selector, RUN, 1, 0));
        reportBy(0);
    }

    function test_report_twice_reverts() public {
        commitAll(2);
        tickAll();
        reportBy(2);
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.AlreadyReported.selector, RUN, 1, ownerOf(2)));
        reportBy(2);
    }

    function test_report_ofTheLastValidator_closesTheAudit_onceAllPayloadsAreAvailable() public {
        commitAll(2);
        tickAll();
        attestAll(3);
        reportBy(2);
        requireStatus(IRuns.RoundStatus.SEALED);
        reportBy(3);
        requireStatus(IRuns.RoundStatus.AUDITED);
    }

    function test_report_atTheAuditDeadline_reverts_andOneSecondBeforeCounts() public {
        commitAll(2);
        tickAll();
        uint256 deadline = Instant.unwrap(runs.roundOf(RUN, 1).auditDeadline);
        vm.warp(deadline);
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.NoAudit.selector, RUN, 1));
        reportBy(2);
        vm.warp(deadline - 1);
        reportBy(2);
    }

    function test_claimAggregate_beforeTheAuditEnds_reverts() public {
        expectStatus(1, IRuns.RoundStatus.OPEN);
        runs.claimAggregate(RUN, 1, MemberSet.wrap(3), Root.wrap("next"));
        commitAll(2);
        tickAll();
        expectStatus(1, IRuns.RoundStatus.SEALED);
        runs.claimAggregate(RUN, 1, MemberSet.wrap(3), Root.wrap("next"));
    }

    function test_claimAggregate_ofNobody_reverts() public {
        commitAll(2);
        audit();
        vm.expectRevert(abi.encodeWithSelector(IRuns.NothingAccepted.selector));
        runs.claimAggregate(RUN, 1, MemberSet.wrap(0), Root.wrap("next"));
    }

    function test_claimAggregate_withOneThatDidNotCommit_reverts() public {
        commitBy(0);
        pass(COMMIT_WINDOW);
        audit();
        vm.expectRevert(abi.encodeWithSelector(IRuns.WrongMembers.selector, 3, 1));
        runs.claimAggregate(RUN, 1, MemberSet.wrap(3), Root.wrap("next"));
        aggregateBy(0, 1, Root.wrap("next"));
    }

    function test_claimAggregate_withAChallengedMember_reverts() public {
        commitAll(2);
        challengeBy(2, workOf(1, 0));
        audit();
        vm.expectRevert(abi.encodeWithSelector(IRuns.WrongMembers.selector, 3, 2));
        runs.claimAggregate(RUN, 1, MemberSet.wrap(3), Root.wrap("next"));
        aggregateBy(0, 2, Root.wrap("next"));
    }

    function test_claimAggregate_atItsDeadline_reverts_andTheRoundSettlesUnchanged() public {
        commitAll(2);
        audit();
        uint256 deadline = Instant.unwrap(runs.roundOf(RUN, 1).aggregateDeadline);
        vm.warp(deadline - 1);
        expectNothingDue(IRuns.RoundStatus.AUDITED);
        vm.warp(deadline);
        vm.expectRevert(abi.encodeWithSelector(IRuns.AggregateWindowClosed.selector, RUN, 1, deadline));
        runs.claimAggregate(RUN, 1, MemberSet.wrap(3), Root.wrap("next"));
        runs.tick(RUN);
        require(runs.runOf(RUN).round == 2 && runs.runOf(RUN).root == GENESIS);
        require(acceptedIn(1).isEmpty());
    }

    function test_tick_beforeTheChallengeWindowEnds_reverts_andAtItsEndSettles() public {
        commitAll(2);
        audit();
        aggregateBy(0, 3, Root.wrap("next"));
        pass(AGGREGATE_CHALLENGE_WINDOW - 1);
        expectNothingDue(IRuns.RoundStatus.AGGREGATED);
        pass(1);
        runs.tick(RUN);
        IRuns.RunView memory run = runs.runOf(RUN);
        require(run.round == 2 && run.root == Root.wrap("next"));
        require(run.seed == keccak256(abi.encode(runs.roundOf(RUN, 1).beacon, RUN, uint32(2))));
        require(runs.statusOf(RUN, 1) == IRuns.RoundStatus.SETTLED);
    }

    function test_challengedAggregate_freesItsPlace_andHasANewDeadline() public {
        commitAll(2);
        audit();
        ClaimId wrong = aggregateBy(0, 3, Root.wrap("wrong"));
        pass(AGGREGATE_CHALLENGE_WINDOW - 1);
        challengeBy(2, wrong);
        requireStatus(IRuns.RoundStatus.AUDITED);
        pass(AGGREGATE_WINDOW - 1);
        expectNothingDue(IRuns.RoundStatus.AUDITED);
        aggregateBy(1, 3, Root.wrap("right"));
        pass(AGGREGATE_CHALLENGE_WINDOW);
        runs.tick(RUN);
        require(runs.runOf(RUN).root == Root.wrap("right"));
    }

    function test_upheldAggregate_standsAgain() public {
        commitAll(2);
        audit();
        ClaimId id = aggregateBy(0, 3, Root.wrap("next"));
        challengeBy(2, id);
        requireStatus(IRuns.RoundStatus.AUDITED);
        game.uphold(id, ownerOf(2));
        requireStatus(IRuns.RoundStatus.AGGREGATED);
        pass(AGGREGATE_CHALLENGE_WINDOW);
        runs.tick(RUN);
        require(runs.runOf(RUN).root == Root.wrap("next"));
    }

    function test_aggregates_endAfterEight_withTheStateUnchanged() public {
        commitAll(2);
        audit();
        for (uint256 i = 0; i < 8; ++i) challengeBy(2, aggregateBy(0, 3, Root.wrap(bytes32(i + 1))));
        vm.expectRevert(abi.encodeWithSelector(IRuns.TooManyAggregates.selector, RUN, 1, 8));
        runs.claimAggregate(RUN, 1, MemberSet.wrap(3), Root.wrap("ninth"));
        runs.tick(RUN);
        require(runs.runOf(RUN).root == GENESIS);
    }

    function test_round_withoutCommits_settlesUnchangedAfterItsBeacon() public {
        pass(COMMIT_WINDOW);
        tickAll();
        require(runs.runOf(RUN).round == 2 && runs.runOf(RUN).root == GENESIS);
    }

    function test_round_whoseMinersAreAllChallenged_settlesUnchangedAfterTheAudit() public {
        commitAll(2);
        challengeBy(2, workOf(1, 0));
        challengeBy(2, workOf(1, 1));
        audit();
        runs.tick(RUN);
        require(runs.runOf(RUN).round == 2 && runs.runOf(RUN).root == GENESIS);
    }

    function test_round_withoutMembers_staysOpen_andServesTheNextJoiner() public {
        for (uint256 i = 0; i < 4; ++i) {
            vm.prank(ownerOf(i));
            runs.leave(RUN);
        }
        pass(COMMIT_WINDOW);
        tickAll();
        pass(10 * COMMIT_WINDOW);
        expectNothingDue(IRuns.RoundStatus.OPEN);
        enlist(4, IRuns.Role.MINER);
        requireStatus(IRuns.RoundStatus.SEALED);
        tickAll();
        IRuns.RunView memory run = runs.runOf(RUN);
        require(run.round == 3 && run.activeMiners.count() == 1);
        requireStatus(IRuns.RoundStatus.OPEN);
    }

    function test_enlistment_lastsUntilItsEndAlthoughNobodyIsAwaited() public {
        uint256 opensAt = Instant.unwrap(parameters().opensAt);
        runs.createRun(parameters(), metadata());
        vm.prank(ownerOf(0));
        runs.join(2, IRuns.Role.MINER, type(uint128).max);
        vm.warp(opensAt - 1);
        IRuns.RunView memory run = runs.runOf(2);
        require(run.round == 0 && run.status == IRuns.RoundStatus.OPEN && run.due == IRuns.Step.NONE);
        vm.warp(opensAt);
        require(runs.runOf(2).due == IRuns.Step.REQUEST);
    }

    function test_views_ofAnUnknownRound_revert() public {
        vm.expectRevert(abi.encodeWithSelector(IRuns.UnknownRound.selector, RUN, 2, 1));
        runs.roundOf(RUN, 2);
        vm.expectRevert(abi.encodeWithSelector(IRuns.UnknownSeat.selector, RUN, 9));
        runs.seatOf(RUN, 9);
    }
}
