// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClaims} from "../../../contracts/claim/IClaims.sol";
import {IClaimSource} from "../../../contracts/claim/IClaimSource.sol";
import {IAvailability} from "../../../contracts/run/IAvailability.sol";
import {IRuns} from "../../../contracts/run/IRuns.sol";
import {RunParameters} from "../../../contracts/run/RunParameters.sol";
import {ClaimId, ClaimKind, claimId} from "../../../contracts/types/ClaimId.sol";
import {MemberSet} from "../../../contracts/types/MemberSet.sol";
import {Root} from "../../../contracts/types/Root.sol";
import {Instant} from "../../../contracts/types/Time.sol";
import {Fixture} from "../lib/Fixture.sol";
import {vm} from "../lib/Vm.sol";

/// @dev Members 0 to 2 are miners, 3 and 4 validators: all five are the committee, and four of it are needed.
contract AvailabilityTest is Fixture {
    uint256 private constant ALL = 7;

    function setUp() public {
        deploy();
        createRun();
        enlistAll(3, 2);
        openFirstRound();
    }

    function available() private view returns (uint256) {
        return MemberSet.unwrap(availability.availableOf(RUN, 1));
    }

    function reportAll() private {
        for (uint256 member = 3; member < 5; ++member) {
            vm.prank(nodeOf(member));
            verdicts.report(RUN, 1, MemberSet.wrap(ALL));
        }
    }

    function requireStatus(IRuns.RoundStatus status) private view {
        require(runs.statusOf(RUN, 1) == status);
    }

    function expectNoAudit() private {
        vm.expectRevert(abi.encodeWithSelector(IAvailability.NoAudit.selector, RUN, 1));
    }

    function test_committee_ofASmallRun_isEverybody_andNeedsTwoThirdsRoundedUp() public {
        commitAll(3);
        require(availability.viewOf(RUN, 1).committee.isEmpty());
        tickAll();
        IAvailability.View memory view_ = availability.viewOf(RUN, 1);
        require(MemberSet.unwrap(view_.committee) == 31 && view_.needed == 4);
    }

    function test_committee_leavesOutMinersThatDidNotCommit() public {
        commitAll(2);
        pass(COMMIT_WINDOW);
        tickAll();
        require(MemberSet.unwrap(availability.viewOf(RUN, 1).committee) == 27);
        vm.expectRevert(abi.encodeWithSelector(IAvailability.NotInCommittee.selector, RUN, 1, 2));
        attestBy(2, 1, 3);
        attestBy(1, 1, 3);
    }

    function test_committee_isTheSameBeforeAndAfterItSpeaks() public {
        commitAll(3);
        tickAll();
        MemberSet before = availability.viewOf(RUN, 1).committee;
        attestBy(4, 1, ALL);
        require(availability.viewOf(RUN, 1).committee.equals(before));
        pass(AUDIT_WINDOW);
        require(availability.viewOf(RUN, 1).committee.equals(before));
    }

    function test_attest_beforeTheBeacon_reverts() public {
        expectNoAudit();
        attestBy(0, 1, 0);
        commitAll(3);
        expectNoAudit();
        attestBy(0, 1, ALL);
        runs.tick(RUN);
        expectNoAudit();
        attestBy(0, 1, ALL);
        vm.roll(vm.getBlockNumber() + 1);
        runs.tick(RUN);
        attestBy(0, 1, ALL);
    }

    function test_attest_atTheAuditDeadline_reverts_andOneSecondBeforeCounts() public {
        commitAll(3);
        tickAll();
        for (uint256 member = 0; member < 3; ++member) attestBy(member, 1, ALL);
        uint256 deadline = Instant.unwrap(runs.roundOf(RUN, 1).auditDeadline);
        vm.warp(deadline);
        expectNoAudit();
        attestBy(3, 1, ALL);
        vm.warp(deadline - 1);
        attestBy(3, 1, ALL);
        require(available() == ALL);
    }

    function test_attest_byAStranger_orByTheOwnerKey_reverts() public {
        commitAll(3);
        tickAll();
        vm.expectRevert(abi.encodeWithSelector(IRuns.NotServing.selector, RUN, address(0), 1));
        attestBy(9, 1, ALL);
        vm.expectRevert(abi.encodeWithSelector(IRuns.NotServing.selector, RUN, address(0), 1));
        vm.prank(ownerOf(0));
        availability.attest(RUN, 1, MemberSet.wrap(ALL));
    }

    function test_attest_twice_reverts() public {
        commitAll(3);
        tickAll();
        attestBy(0, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(IAvailability.AlreadySaid.selector, RUN, 1, 0));
        attestBy(0, 1, ALL);
    }

    function test_attest_ofWhatWasNotCommitted_reverts() public {
        commitAll(2);
        pass(COMMIT_WINDOW);
        tickAll();
        vm.expectRevert(abi.encodeWithSelector(IAvailability.ReceivedNotCommitted.selector, ALL, 3));
        attestBy(0, 1, ALL);
        attestBy(0, 1, 3);
    }

    function test_payload_isAvailable_onceAsManyAsAreNeededHaveIt() public {
        commitAll(3);
        tickAll();
        attestBy(0, 1, ALL);
        attestBy(1, 1, 5);
        attestBy(2, 1, 6);
        require(available() == 0);
        attestBy(3, 1, ALL);
        require(available() == 4);
        attestBy(4, 1, 3);
        require(available() == ALL);
    }

    function test_aggregate_acceptsExactlyWhatIsAvailableAndStands() public {
        commitAll(3);
        challengeBy(3, workOf(1, 0));
        auditWith(3);
        uint8[5] memory wrong = [1, 3, 4, 6, 7];
        for (uint256 i = 0; i < 5; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IRuns.WrongMembers.selector, wrong[i], 2));
            runs.claimAggregate(RUN, 1, MemberSet.wrap(wrong[i]), Root.wrap("next"));
        }
        aggregateBy(0, 2, Root.wrap("next"));
    }

    function test_round_withNothingAvailable_settlesUnchangedAfterTheAudit() public {
        commitAll(3);
        auditWith(0);
        require(runs.runOf(RUN).due == IRuns.Step.SETTLE);
        runs.tick(RUN);
        require(runs.runOf(RUN).root == GENESIS);
    }

    function test_audit_closesWhenAllHaveReportedAndEverythingIsAvailable() public {
        commitAll(3);
        tickAll();
        reportAll();
        requireStatus(IRuns.RoundStatus.SEALED);
        for (uint256 member = 0; member < 3; ++member) attestBy(member, 1, ALL);
        requireStatus(IRuns.RoundStatus.SEALED);
        attestBy(3, 1, ALL);
        requireStatus(IRuns.RoundStatus.AUDITED);
        expectNoAudit();
        attestBy(4, 1, ALL);
    }

    function test_audit_goesOnToItsDeadlineWhenAPayloadIsMissing_soThatItCanBePublished() public {
        commitAll(3);
        tickAll();
        attestAll(5);
        reportAll();
        requireStatus(IRuns.RoundStatus.SEALED);
        publishBy(1);
        requireStatus(IRuns.RoundStatus.AUDITED);
        require(available() == ALL);
    }

    function test_conclude_byAnybodyElse_reverts() public {
        commitAll(3);
        tickAll();
        vm.expectRevert(abi.encodeWithSelector(IRuns.NotConcluding.selector, address(this)));
        runs.conclude(RUN, 1);
    }

    function expectNotDrawn(ClaimId work) private {
        vm.expectRevert(abi.encodeWithSelector(IAvailability.NotDrawn.selector, work));
        availability.reportUnserved(work);
    }

    function test_reportUnserved_burnsTheDepositOfADrawnMinerThatIsNotAvailable_andEndsItsSeat() public {
        commitAll(3);
        auditWith(5);
        uint256 burned = stake.burned();
        uint128 free = stake.accountOf(ownerOf(1)).free;
        availability.reportUnserved(workOf(1, 1));
        require(stake.burned() == burned + SERVICE_DEPOSIT && stake.accountOf(ownerOf(1)).free == free);
        require(stake.accountOf(ownerOf(1)).locked == MINER_BOND);
        require(runs.seatOf(RUN, 2).until == 1 && !runs.runOf(RUN).miners.has(1));
        ClaimId deposit = claimId(ClaimKind.SEAT, RUN, 1, 2);
        vm.expectRevert(abi.encodeWithSelector(IClaims.NotStanding.selector, deposit, IClaims.ClaimStatus.VOIDED));
        availability.reportUnserved(workOf(1, 1));
    }

    function test_reportUnserved_ofOneThatIsAvailable_reverts() public {
        commitAll(3);
        auditWith(5);
        vm.expectRevert(abi.encodeWithSelector(IAvailability.Served.selector, workOf(1, 0)));
        availability.reportUnserved(workOf(1, 0));
    }

    function test_reportUnserved_whileTheAuditIsOpen_reverts_andWhoPublishesInTimeHasServed() public {
        commitAll(3);
        tickAll();
        attestAll(5);
        vm.warp(Instant.unwrap(runs.roundOf(RUN, 1).auditDeadline) - 1);
        vm.expectRevert(abi.encodeWithSelector(IAvailability.AuditNotOver.selector, RUN, 1));
        availability.reportUnserved(workOf(1, 1));
        publishBy(1);
        vm.warp(vm.getBlockTimestamp() + 1);
        vm.expectRevert(abi.encodeWithSelector(IAvailability.Served.selector, workOf(1, 1)));
        availability.reportUnserved(workOf(1, 1));
    }

    function test_reportUnserved_ofWhatNobodyCommitted_orOfAnotherKind_reverts() public {
        commitAll(2);
        pass(COMMIT_WINDOW);
        auditWith(3);
        expectNotDrawn(workOf(1, 2));
        expectNotDrawn(claimId(ClaimKind.SEAT, RUN, 1, 2));
    }

    function test_reportUnserved_afterTheSeatHasLeft_countsUntilItsDepositIsFinal() public {
        commitAll(3);
        auditWith(5);
        vm.prank(ownerOf(1));
        runs.leave(RUN);
        aggregateBy(0, 5, Root.wrap("next"));
        pass(CHALLENGE_WINDOW);
        tickAll();
        ClaimId deposit = claimId(ClaimKind.SEAT, RUN, 1, 2);
        uint256 finalAt = Instant.unwrap(IClaimSource(address(runs)).termsOf(deposit).finalAt);
        vm.warp(finalAt);
        vm.expectRevert(abi.encodeWithSelector(IClaims.NotStanding.selector, deposit, IClaims.ClaimStatus.FINAL));
        availability.reportUnserved(workOf(1, 1));
        vm.warp(finalAt - 1);
        // It has joined again meanwhile: the new seat is another's business.
        vm.prank(ownerOf(1));
        runs.join(RUN, IRuns.Role.MINER, type(uint128).max);
        availability.reportUnserved(workOf(1, 1));
        require(runs.seatOf(RUN, 6).until == type(uint32).max);
        require(stake.accountOf(ownerOf(1)).locked == MINER_BOND + SERVICE_DEPOSIT);
    }

    function test_forfeit_byAnybodyElse_reverts() public {
        ClaimId deposit = claimId(ClaimKind.SEAT, RUN, 1, 2);
        vm.expectRevert(abi.encodeWithSelector(IClaims.NotForfeiting.selector, address(this)));
        claims.forfeit(deposit);
    }

    function test_open_byAnybodyElse_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IAvailability.NotRuns.selector, address(this), address(runs)));
        availability.open(RUN, 1, 1);
    }
}

/// @dev As `AvailabilityTest` with a committee of three, of which two are needed.
contract DrawnCommitteeTest is Fixture {
    function parameters() internal view override returns (RunParameters memory p) {
        p = super.parameters();
        (p.committeeSeats, p.committeeNeeded) = (3, 2);
    }

    function test_committee_isDrawnByTheBeacon_andOnlyItSpeaks() public {
        deploy();
        createRun();
        enlistAll(5, 2);
        openFirstRound();
        MemberSet first;
        bool hasChanged = false;
        for (uint32 round = 1; round <= 4; ++round) {
            commitAll(5);
            tickAll();
            IAvailability.View memory view_ = availability.viewOf(RUN, round);
            require(view_.committee.count() == 3 && view_.needed == 2);
            if (round == 1) first = view_.committee;
            else if (!view_.committee.equals(first)) hasChanged = true;
            for (uint256 member = 0; member < 7; ++member) {
                if (view_.committee.has(uint8(member))) continue;
                vm.expectRevert(abi.encodeWithSelector(IAvailability.NotInCommittee.selector, RUN, round, member));
                attestBy(member, round, 31);
            }
            attestAll(31);
            require(MemberSet.unwrap(availability.availableOf(RUN, round)) == 31);
            pass(AUDIT_WINDOW + AGGREGATE_WINDOW);
            tickAll();
        }
        require(hasChanged);
    }
}
