// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClaims} from "../../../contracts/claim/IClaims.sol";
import {IVerdicts} from "../../../contracts/claim/IVerdicts.sol";
import {IRuns} from "../../../contracts/run/IRuns.sol";
import {RunParameters} from "../../../contracts/run/RunParameters.sol";
import {IStakeManager} from "../../../contracts/stake/IStakeManager.sol";
import {ClaimId, ClaimKind, claimId} from "../../../contracts/types/ClaimId.sol";
import {MemberSet} from "../../../contracts/types/MemberSet.sol";
import {Root} from "../../../contracts/types/Root.sol";
import {Instant} from "../../../contracts/types/Time.sol";
import {Fixture} from "../lib/Fixture.sol";
import {vm} from "../lib/Vm.sol";

/// @dev What validators do with verdicts. A validator seals one verdict on each of the first two miners' claims.
abstract contract VerdictsFixture is Fixture {
    bytes32 internal constant SALT = keccak256("salt");

    /// @dev Read beforehand: a call for it would be taken for the one that is expected to revert.
    mapping(uint256 miner => uint8) private _segments;

    function readDraw(uint256 miners) internal {
        for (uint256 i = 0; i < miners; ++i) (, _segments[i]) = runs.drawn(RUN, 1, uint32(i + 1));
    }

    function leafOf(IVerdicts.Verdict memory verdict) internal pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(verdict, SALT))));
    }

    function verdictOf(uint256 validator, uint256 miner) internal view returns (IVerdicts.Verdict memory verdict) {
        bytes32 before = keccak256(abi.encode("before", miner));
        bytes32 trace = keccak256(abi.encode("trace", miner));
        bytes32 leaves = keccak256(abi.encode("leaves", validator, miner));
        return IVerdicts.Verdict(ownerOf(validator), workOf(1, miner), _segments[miner], before, trace, leaves);
    }

    function rootOf(IVerdicts.Verdict memory one, IVerdicts.Verdict memory other) internal pure returns (bytes32) {
        (bytes32 a, bytes32 b) = (leafOf(one), leafOf(other));
        return a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
    }

    function sealRootBy(uint256 member, bytes32 root) internal {
        vm.prank(nodeOf(member));
        verdicts.seal(RUN, 1, root);
    }

    function sealBy(uint256 member) internal {
        sealRootBy(member, rootOf(verdictOf(member, 0), verdictOf(member, 1)));
    }

    function revealWith(
        address sender,
        IVerdicts.Verdict memory verdict,
        bytes32 salt,
        bytes32[] memory proof
    ) internal {
        vm.prank(sender);
        verdicts.reveal(verdict, salt, proof);
    }

    /// @dev One of the two that were sealed by `sealBy`.
    function revealBy(uint256 member, uint256 miner) internal {
        bytes32[] memory proof = new bytes32[](1);
        proof[0] = leafOf(verdictOf(member, 1 - miner));
        revealWith(nodeOf(member), verdictOf(member, miner), SALT, proof);
    }

    /// @dev A seal of this verdict alone, by one of two validators.
    function sealAlone(uint256 member, IVerdicts.Verdict memory verdict) internal {
        sealRootBy(member, leafOf(verdict));
        sealRootBy(5 - member, "nothing");
    }

    function revealAlone(uint256 member, IVerdicts.Verdict memory verdict) internal {
        revealWith(nodeOf(member), verdict, SALT, new bytes32[](0));
    }

    function verdictId(uint256 validator, uint256 miner) internal pure returns (ClaimId) {
        return claimId(ClaimKind.VERDICT, RUN, 1, uint32((validator << 8) | miner));
    }
}

/// @dev Two miners and two validators (members 2 and 3) in round 1, both miners drawn.
contract VerdictsTest is VerdictsFixture {
    uint256 private _deadline;

    function setUp() public {
        deploy();
        createRun();
        enlistAll(2, 2);
        openFirstRound();
        commitAll(2);
        tickAll();
        readDraw(2);
        _deadline = Instant.unwrap(runs.roundOf(RUN, 1).auditDeadline);
    }

    function requirePhase(IVerdicts.Phase phase) private view {
        require(verdicts.phaseOf(RUN, 1) == phase);
    }

    function expectNotSealing(uint32 round, IVerdicts.Phase phase) private {
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.NotSealing.selector, RUN, round, phase));
    }

    function expectNotRevealing(IVerdicts.Phase phase) private {
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.NotRevealing.selector, RUN, 1, phase));
    }

    function expectMismatch(uint256 validator) private {
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.SealMismatch.selector, RUN, 1, ownerOf(validator)));
    }

    function expectNotDrawn(IVerdicts.Verdict memory verdict) private {
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.NotDrawn.selector, verdict.work, verdict.segment));
    }

    function reportBy(uint256 member) private {
        vm.prank(nodeOf(member));
        verdicts.report(RUN, 1, MemberSet.wrap(3));
    }

    function test_seal_ofAnotherRound_reverts() public {
        for (uint32 round = 0; round <= 2; round += 2) {
            expectNotSealing(round, IVerdicts.Phase.NONE);
            vm.prank(nodeOf(2));
            verdicts.seal(RUN, round, "root");
        }
    }

    function test_seal_beforeTheBeacon_reverts() public {
        attestAll(3);
        pass(AUDIT_WINDOW);
        aggregateBy(0, 3, Root.wrap("next"));
        pass(CHALLENGE_WINDOW);
        tickAll();
        expectNotSealing(2, IVerdicts.Phase.NONE);
        vm.prank(nodeOf(2));
        verdicts.seal(RUN, 2, "root");
        commitAll(2);
        runs.tick(RUN);
        expectNotSealing(2, IVerdicts.Phase.NONE);
        vm.prank(nodeOf(2));
        verdicts.seal(RUN, 2, "root");
        pass(1);
        runs.tick(RUN);
        vm.prank(nodeOf(2));
        verdicts.seal(RUN, 2, "root");
        require(verdicts.sealOf(RUN, 2, ownerOf(2)) == "root");
    }

    function test_seal_byAStranger_orByTheOwnerKey_reverts() public {
        bytes memory reason = abi.encodeWithSelector(IRuns.NotServing.selector, RUN, address(0), 1);
        vm.expectRevert(reason);
        verdicts.seal(RUN, 1, "root");
        vm.expectRevert(reason);
        vm.prank(ownerOf(2));
        verdicts.seal(RUN, 1, "root");
    }

    function test_seal_byAMiner_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.NotOnDuty.selector, RUN, 1, 0));
        sealRootBy(0, "root");
    }

    function test_seal_byAValidatorOfTheNextRound_reverts() public {
        enlist(4, IRuns.Role.VALIDATOR);
        vm.expectRevert(abi.encodeWithSelector(IRuns.NotServing.selector, RUN, ownerOf(4), 1));
        sealRootBy(4, "root");
    }

    function test_seal_byOneThatLeaves_counts_untilItsIndexIsAnothers() public {
        vm.prank(ownerOf(2));
        runs.leave(RUN);
        sealRootBy(2, "root");
        pass(AUDIT_WINDOW + AGGREGATE_WINDOW);
        tickAll();
        enlist(4, IRuns.Role.VALIDATOR);
        pass(COMMIT_WINDOW);
        tickAll();
        commitAll(2);
        tickAll();
        require(runs.runOf(RUN).round == 3 && runs.seatAt(RUN, 2) == 5);
        vm.expectRevert(abi.encodeWithSelector(IRuns.NotServing.selector, RUN, ownerOf(2), 3));
        vm.prank(nodeOf(2));
        verdicts.seal(RUN, 3, "root");
    }

    function test_seal_twice_reverts() public {
        sealRootBy(2, "root");
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.AlreadySealed.selector, RUN, 1, ownerOf(2)));
        sealRootBy(2, "other");
        require(verdicts.sealOf(RUN, 1, ownerOf(2)) == "root");
        require(MemberSet.unwrap(verdicts.sealersOf(RUN, 1)) == 1 << 2);
    }

    function test_seal_atAQuarterOfTheWindow_reverts_andOneSecondBeforeCounts() public {
        vm.warp(_deadline - (AUDIT_WINDOW * 3) / 4);
        requirePhase(IVerdicts.Phase.STANDING_IN);
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.NotOnDuty.selector, RUN, 1, 2));
        sealBy(2);
        vm.warp(_deadline - (AUDIT_WINDOW * 3) / 4 - 1);
        requirePhase(IVerdicts.Phase.SEALING);
        sealBy(2);
    }

    function test_seal_atHalfOfTheWindow_reverts() public {
        vm.warp(_deadline - AUDIT_WINDOW / 2);
        requirePhase(IVerdicts.Phase.REVEALING);
        expectNotSealing(1, IVerdicts.Phase.REVEALING);
        sealBy(2);
    }

    function test_reveal_whileAnotherMaySeal_reverts_andAtHalfOfTheWindowCounts() public {
        sealBy(2);
        expectNotRevealing(IVerdicts.Phase.SEALING);
        revealBy(2, 0);
        vm.warp(_deadline - AUDIT_WINDOW / 2 - 1);
        expectNotRevealing(IVerdicts.Phase.STANDING_IN);
        revealBy(2, 0);
        vm.warp(_deadline - AUDIT_WINDOW / 2);
        revealBy(2, 0);
    }

    function test_reveal_countsAsSoonAsEveryoneHasSealed() public {
        sealBy(2);
        requirePhase(IVerdicts.Phase.SEALING);
        sealBy(3);
        revealBy(2, 0);
    }

    function test_reveal_countsAsSoonAsTheOthersHaveReported_whoSealNoMore() public {
        sealBy(2);
        reportBy(3);
        revealBy(2, 0);
        expectNotSealing(1, IVerdicts.Phase.REVEALING);
        sealBy(3);
    }

    function test_reveal_atTheAuditDeadline_reverts_andOneSecondBeforeCounts() public {
        sealBy(2);
        vm.warp(_deadline);
        expectNotRevealing(IVerdicts.Phase.NONE);
        revealBy(2, 0);
        vm.warp(_deadline - 1);
        revealBy(2, 0);
    }

    function test_reveal_afterTheLastReport_reverts() public {
        attestAll(3);
        sealBy(2);
        sealBy(3);
        reportBy(2);
        revealBy(2, 0);
        reportBy(3);
        expectNotRevealing(IVerdicts.Phase.NONE);
        revealBy(3, 0);
    }

    function test_reveal_withAnothersKey_reverts() public {
        IVerdicts.Verdict memory verdict = verdictOf(2, 0);
        sealAlone(2, verdict);
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.NotOwnVerdict.selector, ownerOf(3), ownerOf(2)));
        revealAlone(3, verdict);
        vm.expectRevert(abi.encodeWithSelector(IRuns.NotServing.selector, RUN, address(0), 1));
        revealWith(ownerOf(2), verdict, SALT, new bytes32[](0));
        revealAlone(2, verdict);
    }

    function test_reveal_ofWhatWasNotSealed_reverts() public {
        IVerdicts.Verdict memory verdict = verdictOf(2, 0);
        sealAlone(2, verdict);
        expectMismatch(2);
        revealWith(nodeOf(2), verdict, "other salt", new bytes32[](0));
        expectMismatch(2);
        revealWith(nodeOf(2), verdict, SALT, new bytes32[](1));
        expectMismatch(2);
        revealAlone(2, verdictOf(2, 1));
        verdict.before = "other";
        expectMismatch(2);
        revealAlone(2, verdict);
        verdict = verdictOf(2, 0);
        verdict.trace = "other";
        expectMismatch(2);
        revealAlone(2, verdict);
        revealAlone(2, verdictOf(2, 0));
    }

    function test_reveal_withoutASeal_reverts() public {
        vm.warp(_deadline - 1);
        expectMismatch(2);
        revealAlone(2, verdictOf(2, 0));
    }

    function test_reveal_ofACopiedSeal_reverts() public {
        bytes32 copied = leafOf(verdictOf(2, 0));
        sealRootBy(2, copied);
        sealRootBy(3, copied);
        revealAlone(2, verdictOf(2, 0));
        expectMismatch(3);
        revealAlone(3, verdictOf(3, 0));
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.NotOwnVerdict.selector, ownerOf(3), ownerOf(2)));
        revealAlone(3, verdictOf(2, 0));
    }

    function test_reveal_ofAVerdictCopiedAfterTheFact_reverts() public {
        sealBy(2);
        sealRootBy(3, "nothing known yet");
        revealBy(2, 0);
        expectMismatch(3);
        revealBy(3, 0);
    }

    function test_reveal_onASegmentThatIsNotDrawn_reverts() public {
        IVerdicts.Verdict memory verdict = verdictOf(2, 0);
        verdict.segment = (verdict.segment + 1) % 16;
        sealAlone(2, verdict);
        expectNotDrawn(verdict);
        revealAlone(2, verdict);
    }

    function test_reveal_onAClaimThatIsNotDrawn_reverts() public {
        IVerdicts.Verdict memory verdict = verdictOf(2, 0);
        sealAlone(2, verdict);
        bytes memory question = abi.encodeCall(IRuns.drawn, (RUN, 1, 1));
        vm.mockCall(address(runs), question, abi.encode(false, verdict.segment));
        expectNotDrawn(verdict);
        revealAlone(2, verdict);
        vm.mockCall(address(runs), question, abi.encode(true, verdict.segment));
        revealAlone(2, verdict);
    }

    function requireRefused(ClaimId work) private {
        IVerdicts.Verdict memory verdict = verdictOf(2, 0);
        verdict.work = work;
        sealAlone(2, verdict);
        expectNotDrawn(verdict);
        revealAlone(2, verdict);
    }

    function test_reveal_onAnotherKindOfClaim_reverts() public {
        ClaimId service = claimId(ClaimKind.SEAT, RUN, 1, 3);
        require(claims.wordOf(service) != bytes32(0));
        requireRefused(service);
    }

    function test_reveal_onAnotherKindOfClaim_ofANumberThatIsDrawn_reverts() public {
        bytes memory question = abi.encodeCall(IRuns.drawn, (RUN, 1, 3));
        vm.mockCall(address(runs), question, abi.encode(true, verdictOf(2, 0).segment));
        requireRefused(claimId(ClaimKind.SEAT, RUN, 1, 3));
    }

    function test_reveal_onAClaimThatNobodyHasMade_reverts() public {
        requireRefused(workOf(1, 2));
    }

    function test_reveal_onAClaimWithMoreBitsThanAnId_reverts() public {
        requireRefused(ClaimId.wrap(ClaimId.unwrap(workOf(1, 0)) | (1 << 136)));
    }

    function test_reveal_onOwnWork_reverts() public {
        IVerdicts.Verdict memory verdict = verdictOf(2, 0);
        sealAlone(2, verdict);
        // No owner has two seats; were it possible, this would still hold.
        IRuns.Seat memory seat = runs.seatOf(RUN, 1);
        seat.owner = ownerOf(2);
        vm.mockCall(address(runs), abi.encodeCall(IRuns.seatOf, (RUN, 1)), abi.encode(seat));
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.OwnWork.selector, verdict.work, ownerOf(2)));
        revealAlone(2, verdict);
    }

    function test_reveal_twice_reverts_andOfTheNextVerdictCounts() public {
        sealBy(2);
        sealBy(3);
        revealBy(2, 0);
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.AlreadyRevealed.selector, verdictId(2, 0)));
        revealBy(2, 0);
        revealBy(2, 1);
        revealBy(3, 0);
        require(claims.statusOf(verdictId(3, 0)) == IClaims.ClaimStatus.STANDING);
    }

    function test_reveal_withoutStake_reverts() public {
        uint128 free = stake.accountOf(ownerOf(2)).free;
        vm.prank(ownerOf(2));
        stake.startUnbonding(free - CHALLENGE_BOND + 1);
        sealBy(2);
        sealBy(3);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeManager.InsufficientFree.selector,
                ownerOf(2),
                CHALLENGE_BOND - 1,
                CHALLENGE_BOND
            )
        );
        revealBy(2, 0);
    }

    function test_reveal_postsAClaim() public {
        sealBy(2);
        sealBy(3);
        revealBy(2, 1);
        ClaimId id = verdicts.verdictClaimId(workOf(1, 1), 3);
        require(ClaimId.unwrap(id) == ClaimId.unwrap(verdictId(2, 1)));
        require(claims.wordOf(id) == keccak256(abi.encode(verdictOf(2, 1))));
        require(ClaimId.unwrap(verdicts.workOf(id)) == ClaimId.unwrap(workOf(1, 1)));
        require(ClaimId.unwrap(verdicts.workOf(verdictId(3, 1))) == 0);
        require(stake.accountOf(ownerOf(2)).locked == DUTY_DEPOSIT + CHALLENGE_BOND);
    }

    function test_verdict_isFinalOneWindowAfterItsReveal_andItsBondFree() public {
        sealBy(2);
        sealBy(3);
        revealBy(2, 0);
        ClaimId id = verdictId(2, 0);
        pass(CHALLENGE_WINDOW - 1);
        require(claims.statusOf(id) == IClaims.ClaimStatus.STANDING);
        pass(1);
        require(claims.statusOf(id) == IClaims.ClaimStatus.FINAL);
        claims.release(id);
        require(stake.accountOf(ownerOf(2)).locked == DUTY_DEPOSIT);
    }

    function test_verdict_thatLosesItsGame_costsTheValidatorItsBond() public {
        sealBy(2);
        sealBy(3);
        revealBy(2, 0);
        pass(CHALLENGE_WINDOW - 1);
        challengeBy(0, verdictId(2, 0));
        require(claims.statusOf(verdictId(2, 0)) == IClaims.ClaimStatus.FROZEN);
        uint256 burned = stake.burned();
        game.void(verdictId(2, 0), ownerOf(0));
        require(claims.statusOf(verdictId(2, 0)) == IClaims.ClaimStatus.VOIDED);
        require(stake.accountOf(ownerOf(2)).locked == DUTY_DEPOSIT);
        require(stake.burned() == burned + CHALLENGE_BOND / 2);
        // The miner's claim is another matter.
        require(claims.statusOf(workOf(1, 0)) == IClaims.ClaimStatus.STANDING);
    }

    function test_verdict_thatIsUpheld_standsAgain_andWinsTheChallengersBond() public {
        sealBy(2);
        sealBy(3);
        revealBy(2, 0);
        challengeBy(0, verdictId(2, 0));
        uint128 free = stake.accountOf(ownerOf(2)).free;
        game.uphold(verdictId(2, 0), ownerOf(0));
        require(claims.statusOf(verdictId(2, 0)) == IClaims.ClaimStatus.STANDING);
        require(stake.accountOf(ownerOf(2)).free == free + CHALLENGE_BOND / 2);
    }
}

/// @dev A run whose rounds are one segment, the drawn and the last one.
contract VerdictsOfOneSegmentTest is VerdictsFixture {
    function parameters() internal view override returns (RunParameters memory p) {
        p = super.parameters();
        (p.segments, p.minSegments) = (1, 1);
    }

    function test_reveal_onTheOnlySegment_counts() public {
        deploy();
        createRun();
        enlistAll(1, 2);
        openFirstRound();
        IRuns.Commitment memory c = commitment();
        c.segmentRoots = new bytes32[](1);
        vm.prank(nodeOf(0));
        runs.commit(RUN, 1, c);
        tickAll();
        readDraw(1);
        IVerdicts.Verdict memory verdict = verdictOf(1, 0);
        require(verdict.segment == 0);
        sealRootBy(1, leafOf(verdict));
        sealRootBy(2, "nothing");
        revealAlone(1, verdict);
        require(claims.wordOf(verdictId(1, 0)) != bytes32(0));
    }
}
