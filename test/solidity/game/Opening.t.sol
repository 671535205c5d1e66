// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClaims} from "../../../contracts/claim/IClaims.sol";
import {IGame} from "../../../contracts/claim/IGame.sol";
import {IRules} from "../../../contracts/claim/rules/IRules.sol";
import {RunPrograms} from "../../../contracts/claim/RunPrograms.sol";
import {IRuns} from "../../../contracts/run/IRuns.sol";
import {IStakeManager} from "../../../contracts/stake/IStakeManager.sol";
import {Root} from "../../../contracts/types/Root.sol";
import {GameFixture} from "../lib/GameFixture.sol";
import {vm} from "../lib/Vm.sol";

/// @dev Announcing and opening a challenge of a miner's round.
contract GameOpeningTest is GameFixture {
    function onPayload() private view returns (IGame.Opening memory) {
        return opening(IGame.Subject.PAYLOAD, 0, new bytes32[](0));
    }

    function secretOf(uint256 member, bytes32 word, IGame.Opening memory open) private pure returns (bytes32) {
        return keccak256(abi.encode(ownerOf(member), word, open));
    }

    /// @dev The member's node opens and is refused.
    function expectRefusal(uint256 member, IGame.Opening memory open, bytes memory reason) private {
        announceBy(member, open);
        vm.roll(vm.getBlockNumber() + 1);
        expectRefusalOf(member, open, commitment(), programs(), reason);
    }

    function expectRefusalOf(
        uint256 member,
        IGame.Opening memory open,
        IRuns.Commitment memory c,
        RunPrograms memory p,
        bytes memory reason
    ) private {
        vm.deal(nodeOf(member), FEE);
        vm.expectRevert(reason);
        vm.prank(nodeOf(member));
        play.openOnWork{value: FEE}(open, c, p);
    }

    function notAnnounced(uint256 member, bytes32 secret, uint256 height) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IGame.NotAnnounced.selector, ownerOf(member), secret, height);
    }

    function test_announce_twice_reverts_andAnotherMaySayTheSame() public {
        vm.prank(nodeOf(2));
        play.announce("secret");
        uint256 height = vm.getBlockNumber();
        vm.expectRevert(abi.encodeWithSelector(IGame.AlreadyAnnounced.selector, ownerOf(2), bytes32("secret"), height));
        vm.prank(ownerOf(2));
        play.announce("secret");
        vm.prank(nodeOf(3));
        play.announce("secret");
    }

    function test_open_inTheBlockOfTheAnnouncement_reverts_andOneLaterOpens() public {
        IGame.Opening memory open = onPayload();
        announceBy(2, open);
        bytes32 secret = secretOf(2, claims.wordOf(work), open);
        expectRefusalOf(2, open, commitment(), programs(), notAnnounced(2, secret, vm.getBlockNumber()));
        vm.roll(vm.getBlockNumber() + 1);
        IGame.Position memory position = reveal(2, open);
        require(play.gameOf(work, ownerOf(2)).position == keccak256(abi.encode(position)));
        require(claims.statusOf(work) == IClaims.ClaimStatus.FROZEN);
        require(claims.challengeStatusOf(work, ownerOf(2)) == IClaims.ChallengeStatus.OPEN);
    }

    function test_open_whatAnotherAnnounced_reverts() public {
        IGame.Opening memory open = onPayload();
        announceBy(2, open);
        // The secret of another, announced word for word, opens nothing for oneself.
        bytes32 copied = secretOf(2, claims.wordOf(work), open);
        vm.prank(nodeOf(3));
        play.announce(copied);
        vm.roll(vm.getBlockNumber() + 1);
        bytes32 needed = secretOf(3, claims.wordOf(work), open);
        expectRefusalOf(3, open, commitment(), programs(), notAnnounced(3, needed, 0));
        reveal(2, open);
    }

    function test_open_otherwiseThanAnnounced_reverts() public {
        announceBy(2, onPayload());
        vm.roll(vm.getBlockNumber() + 1);
        IGame.Opening memory other = onPayload();
        other.salt = "pepper";
        bytes32 secret = secretOf(2, claims.wordOf(work), other);
        expectRefusalOf(2, other, commitment(), programs(), notAnnounced(2, secret, 0));
    }

    function test_open_ofAnotherWordThanAnnounced_reverts() public {
        IGame.Opening memory open = onPayload();
        bytes32 announced = secretOf(2, "word before a re-org", open);
        vm.prank(nodeOf(2));
        play.announce(announced);
        vm.roll(vm.getBlockNumber() + 1);
        bytes32 secret = secretOf(2, claims.wordOf(work), open);
        expectRefusalOf(2, open, commitment(), programs(), notAnnounced(2, secret, 0));
    }

    function test_open_twiceOnOneAnnouncement_reverts_andOnTwoIsOneChallenge() public {
        IGame.Opening memory open = onPayload();
        openBy(2, open);
        bytes32 secret = secretOf(2, claims.wordOf(work), open);
        expectRefusalOf(2, open, commitment(), programs(), notAnnounced(2, secret, 0));
        expectRefusal(2, open, abi.encodeWithSelector(IClaims.AlreadyChallenged.selector, work, ownerOf(2)));
    }

    function test_open_isTheChallengersOwn_whoeverNamesItsKeyFirst() public {
        address challenger = ownerOf(2);
        // A front-runner with stake of its own would take the prize, or one without any would refuse the challenge.
        vm.prank(ownerOf(3));
        stake.setNode(challenger);
        IGame.Opening memory open = onPayload();
        bytes32 secret = secretOf(2, claims.wordOf(work), open);
        vm.prank(challenger);
        play.announce(secret);
        vm.roll(vm.getBlockNumber() + 1);
        vm.deal(challenger, FEE);
        IRuns.Commitment memory c = commitment();
        RunPrograms memory p = programs();
        vm.prank(challenger);
        play.openOnWork{value: FEE}(open, c, p);
        require(claims.challengeStatusOf(work, challenger) == IClaims.ChallengeStatus.OPEN);
        require(claims.challengeStatusOf(work, ownerOf(3)) == IClaims.ChallengeStatus.NONE);
    }

    function test_open_withoutStake_reverts() public {
        IGame.Opening memory open = onPayload();
        bytes32 secret = keccak256(abi.encode(address(this), claims.wordOf(work), open));
        play.announce(secret);
        vm.roll(vm.getBlockNumber() + 1);
        IRuns.Commitment memory c = commitment();
        RunPrograms memory p = programs();
        vm.deal(address(this), FEE);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeManager.InsufficientFree.selector, address(this), 0, CHALLENGE_BOND)
        );
        play.openOnWork{value: FEE}(open, c, p);
    }

    function test_open_withAnotherCommitment_orProgram_reverts() public {
        IGame.Opening memory open = onPayload();
        announceBy(2, open);
        vm.roll(vm.getBlockNumber() + 1);
        IRuns.Commitment memory c = commitment();
        c.payloadRoot = Root.wrap("other");
        bytes32 given = keccak256(abi.encode(ownerOf(CLAIMANT), c));
        bytes memory reason = abi.encodeWithSelector(IRules.NotTheClaim.selector, work, given, claims.wordOf(work));
        expectRefusalOf(2, open, c, programs(), reason);
        RunPrograms memory p = programs();
        p.segmentSteps += 1;
        reason = abi.encodeWithSelector(
            IRules.NotThePrograms.selector,
            keccak256(abi.encode(p)),
            keccak256(abi.encode(programs()))
        );
        expectRefusalOf(2, open, commitment(), p, reason);
    }

    function test_open_ofWhatAMinerDoesNotClaim_reverts() public {
        IGame.Opening memory open = opening(IGame.Subject.AGGREGATE, 0, new bytes32[](0));
        expectRefusal(2, open, abi.encodeWithSelector(IRules.WrongSubject.selector, IGame.Subject.AGGREGATE));
    }

    function test_open_ofTheSegmentAfterTheLast_reverts_andOfTheLastOpens() public {
        IGame.Opening memory open = opening(IGame.Subject.SEGMENT, 16, marksOfSegment());
        expectRefusal(2, open, abi.encodeWithSelector(IRules.NoSuchSegment.selector, 16, 16));
        IGame.Position memory position = openBy(2, opening(IGame.Subject.SEGMENT, 15, marksOfSegment()));
        require(position.first == 15 * 130 && position.end == 16 * 130);
    }

    function test_open_withAMarkTooMany_orTooFew_reverts() public {
        bytes32[] memory marks = marksOfSegment();
        uint256 expected = marks.length;
        bytes32[] memory more = new bytes32[](expected + 1);
        IGame.Opening memory open = opening(IGame.Subject.SEGMENT, 1, more);
        expectRefusal(2, open, abi.encodeWithSelector(IRules.WrongMarks.selector, expected + 1, expected));
        open = opening(IGame.Subject.SEGMENT, 1, new bytes32[](expected - 1));
        expectRefusal(2, open, abi.encodeWithSelector(IRules.WrongMarks.selector, expected - 1, expected));
    }

    function test_open_onASegment_standsAtItsMarks() public {
        IGame.Position memory position = toMarks();
        IRuns.Commitment memory c = commitment();
        require(position.subject == IGame.Subject.SEGMENT && position.stage == IGame.Stage.MARKS);
        require(position.first == 130 && position.end == 260 && position.program == program);
        require(position.start == c.segmentRoots[0] && position.finish == c.segmentRoots[1]);
        require(position.marks == keccak256(abi.encodePacked(marksOfSegment())));
        IGame.Game memory game = play.gameOf(work, ownerOf(2));
        require(game.claimantMoves && game.moves == 2 && game.escrow == FEE);
    }

    function test_open_onTheFirstSegment_startsFromTheStartOfTheRound() public {
        IGame.Position memory position = openBy(2, opening(IGame.Subject.SEGMENT, 0, marksOfSegment()));
        require(position.start == Root.unwrap(commitment().startRoot) && position.first == 0);
    }

    function test_open_onThePayload_takesTheParentAndTheEndOfTheRound() public {
        IGame.Position memory position = toInvoke();
        require(position.subject == IGame.Subject.PAYLOAD && position.stage == IGame.Stage.INVOKE);
        require(position.start == Root.unwrap(GENESIS) && position.second == finish && position.finish == finish);
    }

    function test_open_ofARightSize_reverts() public {
        IGame.Opening memory open = opening(IGame.Subject.SIZE, 0, new bytes32[](0));
        expectRefusal(2, open, abi.encodeWithSelector(IRules.NothingDisputed.selector));
    }

    function test_open_belowTheFee_reverts_andAtItOpens() public {
        IGame.Opening memory open = onPayload();
        announceBy(2, open);
        vm.roll(vm.getBlockNumber() + 1);
        uint256 needed = play.feeOf(IGame.Stage.INVOKE, 0);
        IRuns.Commitment memory c = commitment();
        RunPrograms memory p = programs();
        vm.deal(nodeOf(2), needed);
        vm.expectRevert(abi.encodeWithSelector(IGame.FeeTooLow.selector, needed - 1, needed));
        vm.prank(nodeOf(2));
        play.openOnWork{value: needed - 1}(open, c, p);
        vm.prank(nodeOf(2));
        play.openOnWork{value: needed}(open, c, p);
        require(play.gameOf(work, ownerOf(2)).escrow == needed);
    }

    function test_fee_isOfTheDearerPrice() public {
        uint256 atBase = play.feeOf(IGame.Stage.LEAF, 0);
        vm.txGasPrice(3 * PRICE);
        require(play.feeOf(IGame.Stage.LEAF, 0) == 3 * atBase);
        vm.fee(5 * PRICE);
        require(play.feeOf(IGame.Stage.LEAF, 0) == 5 * atBase);
    }

    function test_marksAndLevels_areAsEvenAsCanBe() public view {
        uint32[6] memory steps = [uint32(0), 1, 64, 65, 500, 4096];
        uint32[6] memory parts = [uint32(0), 1, 64, 33, 63, 64];
        uint32[6] memory lengths = [uint32(0), 1, 1, 2, 8, 64];
        for (uint256 i = 0; i < 6; ++i) {
            (uint32 count, uint32 length) = play.marksOf(steps[i]);
            require(count == parts[i] && length == lengths[i]);
        }
        uint8[6] memory heights = [0, 1, 7, 8, 13, 18];
        uint8[6] memory levels = [0, 1, 7, 4, 7, 6];
        for (uint256 i = 0; i < 6; ++i) require(play.levelsOf(heights[i]) == levels[i]);
    }

    function testFuzz_marks_coverTheSpan(uint32 steps) public view {
        vm.assume(steps != 0);
        (uint32 parts, uint32 length) = play.marksOf(steps);
        require(parts <= 64 && uint256(parts - 1) * length < steps && uint256(parts) * length >= steps);
    }

    function test_rules_haveTheMovesOfTheGame() public pure {
        require(IRules.openOnWork.selector == IGame.openOnWork.selector);
        require(IRules.openOnAggregate.selector == IGame.openOnAggregate.selector);
        require(IRules.openOnVerdict.selector == IGame.openOnVerdict.selector);
        require(IRules.answerStart.selector == IGame.answerStart.selector);
        require(IRules.answerMarks.selector == IGame.answerMarks.selector);
        require(IRules.mark.selector == IGame.mark.selector);
        require(IRules.answerTrace.selector == IGame.answerTrace.selector);
        require(IRules.split.selector == IGame.split.selector);
        require(IRules.pick.selector == IGame.pick.selector);
        require(IRules.pickNode.selector == IGame.pickNode.selector);
        require(IRules.openTensor.selector == IGame.openTensor.selector);
        require(IRules.openLeaf.selector == IGame.openLeaf.selector);
        require(IRules.openDrawn.selector == IGame.openDrawn.selector);
        require(IRules.prove.selector == IGame.prove.selector);
    }
}

/// @dev A smaller payload than any that has to be sent in full.
contract GameSmallTest is GameFixture {
    function commitment() internal view override returns (IRuns.Commitment memory c) {
        c = super.commitment();
        c.payloadBytes = 3_999_999;
    }

    function test_smallerSize_isNotDisputed() public {
        IGame.Opening memory open = opening(IGame.Subject.SIZE, 0, new bytes32[](0));
        announceBy(CHALLENGER, open);
        vm.roll(vm.getBlockNumber() + 1);
        IRuns.Commitment memory c = commitment();
        RunPrograms memory p = programs();
        vm.expectRevert(abi.encodeWithSelector(IRules.NothingDisputed.selector));
        vm.prank(nodeOf(CHALLENGER));
        play.openOnWork(open, c, p);
    }
}

/// @dev A payload of more than any can take.
contract GameSizeTest is GameFixture {
    function commitment() internal view override returns (IRuns.Commitment memory c) {
        c = super.commitment();
        c.payloadBytes = 4_000_001;
    }

    function test_wrongSize_voidsTheClaimWhenOpened_andTheFeeIsOwed() public {
        openBy(CHALLENGER, opening(IGame.Subject.SIZE, 0, new bytes32[](0)));
        require(claims.isVoided(work));
        require(play.owedTo(ownerOf(CHALLENGER)) == FEE);
        require(play.gameOf(work, ownerOf(CHALLENGER)).position == bytes32(0));
    }
}

/// @dev Segments of one step.
contract GameOneStepTest is GameFixture {
    function stepsOfSegment() internal pure override returns (uint32) {
        return 1;
    }

    function test_segmentOfOneStep_isTracedAtOnce() public {
        IGame.Position memory position = openBy(CHALLENGER, opening(IGame.Subject.SEGMENT, 3, new bytes32[](0)));
        require(position.stage == IGame.Stage.INVOKE && position.first == 3 && position.end == 4);
        require(position.marks == bytes32(0));
        position = traceBy(CLAIMANT, CHALLENGER, position);
        require(position.stage == IGame.Stage.CHOOSE_NODES);
    }

    function test_segmentOfOneStep_hasNoMarks() public {
        IGame.Opening memory open = opening(IGame.Subject.SEGMENT, 3, new bytes32[](1));
        announceBy(CHALLENGER, open);
        vm.roll(vm.getBlockNumber() + 1);
        IRuns.Commitment memory c = commitment();
        RunPrograms memory p = programs();
        pay(CHALLENGER);
        vm.expectRevert(abi.encodeWithSelector(IRules.WrongMarks.selector, 1, 0));
        play.openOnWork{value: FEE}(open, c, p);
    }
}
