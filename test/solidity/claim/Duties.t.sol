// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClaims} from "../../../contracts/claim/IClaims.sol";
import {IVerdicts} from "../../../contracts/claim/IVerdicts.sol";
import {IRuns} from "../../../contracts/run/IRuns.sol";
import {RunParameters} from "../../../contracts/run/RunParameters.sol";
import {ClaimId, ClaimKind, claimId} from "../../../contracts/types/ClaimId.sol";
import {MemberSet} from "../../../contracts/types/MemberSet.sol";
import {Root} from "../../../contracts/types/Root.sol";
import {Instant} from "../../../contracts/types/Time.sol";
import {vm} from "../lib/Vm.sol";
import {VerdictsFixture} from "./Verdicts.t.sol";

/// @dev One miner (member 0), which is drawn, and five validators (members 1 to 5), two of which are on duty for it.
contract DutiesTest is VerdictsFixture {
    uint256 private _deadline;
    uint256[2] private _drawn;
    uint256[3] private _spared;

    function setUp() public {
        deploy();
        createRun();
        enlistAll(1, 5);
        openFirstRound();
        commitBy(0);
        tickAll();
        readDraw(1);
        _deadline = Instant.unwrap(runs.roundOf(RUN, 1).auditDeadline);
        (MemberSet drawn, ) = verdicts.validatorsOf(workOf(1, 0));
        uint256 found = 0;
        for (uint256 member = 1; member <= 5; ++member) {
            if (drawn.has(uint8(member))) _drawn[found++] = member;
            else _spared[member - 1 - found] = member;
        }
    }

    function sealOne(uint256 member) private {
        sealRootBy(member, leafOf(verdictOf(member, 0)));
    }

    function toStandingIn() private {
        vm.warp(_deadline - (AUDIT_WINDOW * 3) / 4);
    }

    function toRevealing() private {
        vm.warp(_deadline - AUDIT_WINDOW / 2);
    }

    function reportBy(uint256 member) private {
        vm.prank(nodeOf(member));
        verdicts.report(RUN, 1, MemberSet.wrap(1));
    }

    function expectNotOnDuty(uint256 member) private {
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.NotOnDuty.selector, RUN, 1, member));
    }

    function absentBy(uint256 member) private {
        verdicts.reportAbsent(workOf(1, 0), uint8(member));
    }

    function expectExcused() private {
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.Excused.selector, workOf(1, 0)));
    }

    function seatUntil(uint256 member) private view returns (uint32) {
        return runs.seatOf(RUN, uint32(member + 1)).until;
    }

    function test_twoAreOnDutyForADrawnClaim_andOnlyTheySealAndReport() public {
        (MemberSet drawn, MemberSet standIns) = verdicts.validatorsOf(workOf(1, 0));
        require(drawn.count() == 2 && drawn.isWithin(MemberSet.wrap(62)));
        require(standIns.isEmpty() || drawn.intersect(standIns).isEmpty());
        require(verdicts.onDutyOf(RUN, 1).equals(drawn));
        expectNotOnDuty(_spared[0]);
        sealOne(_spared[0]);
        expectNotOnDuty(_spared[0]);
        reportBy(_spared[0]);
        sealOne(_drawn[0]);
        require(verdicts.onDutyOf(RUN, 1).equals(drawn));
    }

    function test_nothing_isDrawnForWhatIsNoDrawnClaim() public view {
        (MemberSet drawn, ) = verdicts.validatorsOf(claimId(ClaimKind.SEAT, RUN, 1, 1));
        require(drawn.isEmpty());
        (drawn, ) = verdicts.validatorsOf(workOf(2, 0));
        require(drawn.isEmpty());
    }

    function test_reveal_countsAsSoonAsThoseOnDutyHaveSealed() public {
        sealOne(_drawn[0]);
        require(verdicts.phaseOf(RUN, 1) == IVerdicts.Phase.SEALING);
        sealOne(_drawn[1]);
        require(verdicts.phaseOf(RUN, 1) == IVerdicts.Phase.REVEALING);
        revealAlone(_drawn[0], verdictOf(_drawn[0], 0));
        revealAlone(_drawn[1], verdictOf(_drawn[1], 0));
    }

    function test_audit_closesWhenThoseOnDutyHaveReported() public {
        attestAll(1);
        reportBy(_drawn[0]);
        require(runs.statusOf(RUN, 1) == IRuns.RoundStatus.SEALED);
        reportBy(_drawn[1]);
        require(runs.statusOf(RUN, 1) == IRuns.RoundStatus.AUDITED);
    }

    function test_report_isBeingThere_onlyWhileThoseOnDutySeal() public {
        reportBy(_drawn[0]);
        require(verdicts.sealersOf(RUN, 1).has(uint8(_drawn[0])));
        toStandingIn();
        reportBy(_drawn[1]);
        require(!verdicts.sealersOf(RUN, 1).has(uint8(_drawn[1])));
        require(verdicts.phaseOf(RUN, 1) == IVerdicts.Phase.STANDING_IN);
    }

    function test_seal_afterAReport_reverts() public {
        reportBy(_drawn[0]);
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.AlreadySealed.selector, RUN, 1, ownerOf(_drawn[0])));
        sealOne(_drawn[0]);
    }

    function test_onDuty_isKnownOnceTheRoundIsSettled() public {
        MemberSet onDuty = verdicts.onDutyOf(RUN, 1);
        sealOne(_drawn[0]);
        attestAll(1);
        vm.warp(_deadline);
        aggregateBy(0, 1, Root.wrap("next"));
        pass(CHALLENGE_WINDOW);
        tickAll();
        require(runs.statusOf(RUN, 1) == IRuns.RoundStatus.SETTLED && !onDuty.isEmpty());
        require(verdicts.onDutyOf(RUN, 1).equals(onDuty));
    }

    function test_reveal_onAClaimOfAnothersDuty_reverts() public {
        sealOne(_drawn[0]);
        toRevealing();
        IVerdicts.Verdict memory verdict = verdictOf(_spared[0], 0);
        expectNotOnDuty(_spared[0]);
        revealAlone(_spared[0], verdict);
    }

    function test_absent_isShownAfterTheAudit_burnsTheDeposit_andEndsTheSeat() public {
        sealOne(_drawn[0]);
        toRevealing();
        revealAlone(_drawn[0], verdictOf(_drawn[0], 0));
        attestAll(1);
        vm.warp(_deadline - 1);
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.AuditNotOver.selector, RUN, 1));
        absentBy(_drawn[1]);
        vm.warp(_deadline);
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.AlreadyRevealed.selector, verdictId(_drawn[0], 0)));
        absentBy(_drawn[0]);
        expectNotOnDuty(_spared[0]);
        absentBy(_spared[0]);
        uint256 burned = stake.burned();
        absentBy(_drawn[1]);
        require(stake.burned() == burned + DUTY_DEPOSIT && stake.accountOf(ownerOf(_drawn[1])).locked == 0);
        require(seatUntil(_drawn[1]) == 1 && seatUntil(_drawn[0]) == type(uint32).max);
        ClaimId deposit = claimId(ClaimKind.SEAT, RUN, 1, uint32(_drawn[1] + 1));
        vm.expectRevert(abi.encodeWithSelector(IClaims.NotStanding.selector, deposit, IClaims.ClaimStatus.VOIDED));
        absentBy(_drawn[1]);
    }

    function test_absent_thatSealedAndDidNotReveal_losesItsDeposit() public {
        sealOne(_drawn[0]);
        sealOne(_drawn[1]);
        attestAll(1);
        vm.warp(_deadline);
        absentBy(_drawn[0]);
        require(seatUntil(_drawn[0]) == 1);
    }

    function test_absent_isExcused_whileTheClaimIsChallenged_orVoid_andNotOnceItIsUpheld() public {
        attestAll(1);
        challengeBy(5, workOf(1, 0));
        vm.warp(_deadline);
        expectExcused();
        absentBy(_drawn[0]);
        game.void(workOf(1, 0), ownerOf(5));
        expectExcused();
        absentBy(_drawn[0]);
    }

    function test_absent_isNotExcused_onceTheClaimIsUpheld() public {
        attestAll(1);
        challengeBy(5, workOf(1, 0));
        game.uphold(workOf(1, 0), ownerOf(5));
        vm.warp(_deadline);
        absentBy(_drawn[0]);
    }

    function test_absent_isExcused_whereThePayloadWasNotAvailable() public {
        attestAll(0);
        vm.warp(_deadline);
        expectExcused();
        absentBy(_drawn[0]);
    }

    function test_absent_ofWhatIsNotDrawn_reverts() public {
        attestAll(1);
        vm.warp(_deadline);
        ClaimId seat = claimId(ClaimKind.SEAT, RUN, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.NotDrawn.selector, seat, 0));
        verdicts.reportAbsent(seat, uint8(_drawn[0]));
    }

    function test_absent_onceTheRoundIsSettled_reverts() public {
        attestAll(1);
        vm.warp(_deadline);
        aggregateBy(0, 1, Root.wrap("next"));
        pass(CHALLENGE_WINDOW);
        tickAll();
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.AuditNotOver.selector, RUN, 1));
        absentBy(_drawn[0]);
    }
}

contract BeforeTheDrawTest is VerdictsFixture {
    function test_nobody_isDrawnForACommittedClaimBeforeTheBeacon() public {
        deploy();
        createRun();
        enlistAll(1, 2);
        openFirstRound();
        commitBy(0);
        (MemberSet drawn, MemberSet standIns) = verdicts.validatorsOf(workOf(1, 0));
        require(drawn.isEmpty() && standIns.isEmpty());
    }
}

/// @dev As `DutiesTest` with two miners (members 0 and 1) and four validators (members 2 to 5), in a round in which two
/// pairs of validators are on duty.
contract StandInsTest is VerdictsFixture {
    uint256 private _deadline;
    uint256[2] private _first;
    uint256[2] private _second;

    function setUp() public {
        deploy();
        createRun();
        enlistAll(2, 4);
        openFirstRound();
        commitAll(2);
        for (uint256 i = 0; i < 64; ++i) {
            uint256 snapshot = vm.snapshotState();
            vm.roll(vm.getBlockNumber() + i);
            tickAll();
            if (isDisjoint()) break;
            vm.revertToState(snapshot);
        }
        readDraw(2);
        _deadline = Instant.unwrap(runs.roundOf(RUN, 1).auditDeadline);
        _first = pairOf(0);
        _second = pairOf(1);
    }

    function isDisjoint() private view returns (bool) {
        (MemberSet first, ) = verdicts.validatorsOf(workOf(1, 0));
        (MemberSet second, ) = verdicts.validatorsOf(workOf(1, 1));
        return !first.isEmpty() && first.intersect(second).isEmpty();
    }

    function pairOf(uint256 miner) private view returns (uint256[2] memory pair) {
        (MemberSet drawn, ) = verdicts.validatorsOf(workOf(1, miner));
        uint256 found = 0;
        for (uint256 member = 2; member < 6; ++member) if (drawn.has(uint8(member))) pair[found++] = member;
    }

    function sealOn(uint256 member, uint256 miner) private {
        sealRootBy(member, leafOf(verdictOf(member, miner)));
    }

    function standInsFor(uint256 miner) private view returns (MemberSet standIns) {
        (, standIns) = verdicts.validatorsOf(workOf(1, miner));
    }

    /// @dev The second claim's validators do not come.
    function toStandingIn() private {
        sealOn(_first[0], 0);
        sealOn(_first[1], 0);
        vm.warp(_deadline - (AUDIT_WINDOW * 3) / 4);
    }

    function test_everyAbsentValidator_isReplacedByOneThatWasThere() public {
        toStandingIn();
        require(verdicts.phaseOf(RUN, 1) == IVerdicts.Phase.STANDING_IN);
        require(standInsFor(0).isEmpty());
        require(MemberSet.unwrap(standInsFor(1)) == (1 << _first[0]) | (1 << _first[1]));
    }

    function test_standIns_areNoMoreThanThereAre() public {
        sealOn(_first[0], 0);
        vm.warp(_deadline - (AUDIT_WINDOW * 3) / 4);
        require(MemberSet.unwrap(standInsFor(1)) == 1 << _first[0]);
        require(MemberSet.unwrap(standInsFor(0)) == 0);
    }

    function test_standIn_sealsOnceMore_andRevealsBoth() public {
        toStandingIn();
        sealOn(_first[0], 1);
        require(verdicts.standInSealOf(RUN, 1, ownerOf(_first[0])) == leafOf(verdictOf(_first[0], 1)));
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.AlreadySealed.selector, RUN, 1, ownerOf(_first[0])));
        sealRootBy(_first[0], "other");
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.NotOnDuty.selector, RUN, 1, _second[0]));
        sealOn(_second[0], 1);
        vm.warp(_deadline - AUDIT_WINDOW / 2);
        revealAlone(_first[0], verdictOf(_first[0], 0));
        revealAlone(_first[0], verdictOf(_first[0], 1));
        require(claims.wordOf(verdictId(_first[0], 1)) != bytes32(0));
    }

    function test_standIn_revealsOnlyWhatItHasSealedAsSuch() public {
        toStandingIn();
        vm.warp(_deadline - AUDIT_WINDOW / 2);
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.SealMismatch.selector, RUN, 1, ownerOf(_first[0])));
        revealAlone(_first[0], verdictOf(_first[0], 1));
    }

    function test_reveal_onAClaimOfOthers_reverts() public {
        for (uint256 i = 0; i < 2; ++i) {
            sealOn(_second[i], 1);
            sealOn(_first[i], 1);
        }
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.NotOnDuty.selector, RUN, 1, _first[0]));
        revealAlone(_first[0], verdictOf(_first[0], 1));
    }

    function test_standIn_risksNothing() public {
        toStandingIn();
        attestAll(3);
        vm.warp(_deadline);
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.NotOnDuty.selector, RUN, 1, _first[0]));
        verdicts.reportAbsent(workOf(1, 1), uint8(_first[0]));
        verdicts.reportAbsent(workOf(1, 1), uint8(_second[0]));
        verdicts.reportAbsent(workOf(1, 1), uint8(_second[1]));
    }
}

/// @dev Nobody is drawn after the first round: who says so closes the audit.
contract NobodyOnDutyTest is VerdictsFixture {
    function parameters() internal view override returns (RunParameters memory p) {
        p = super.parameters();
        p.auditRate = 1;
    }

    function test_report_byAnyValidator_closesARoundInWhichNobodyIsOnDuty() public {
        deploy();
        createRun();
        enlistAll(2, 2);
        openFirstRound();
        playRound(2);
        commitAll(2);
        tickAll();
        require(verdicts.onDutyOf(RUN, 2).isEmpty());
        attestAll(3);
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.NotOnDuty.selector, RUN, 2, 0));
        vm.prank(nodeOf(0));
        verdicts.report(RUN, 2, MemberSet.wrap(0));
        vm.prank(nodeOf(3));
        verdicts.report(RUN, 2, MemberSet.wrap(0));
        require(runs.statusOf(RUN, 2) == IRuns.RoundStatus.AUDITED);
    }
}
