// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RunPrograms} from "../../../contracts/claim/RunPrograms.sol";
import {IAvailability} from "../../../contracts/run/IAvailability.sol";
import {IRuns} from "../../../contracts/run/IRuns.sol";
import {RunParameters} from "../../../contracts/run/RunParameters.sol";
import {ClaimId, ClaimKind, claimId} from "../../../contracts/types/ClaimId.sol";
import {MemberSet} from "../../../contracts/types/MemberSet.sol";
import {Root} from "../../../contracts/types/Root.sol";
import {Fixture} from "../lib/Fixture.sol";
import {Trees} from "../lib/Trees.sol";
import {vm} from "../lib/Vm.sol";

/// @dev Payloads of two tensors, the first of three leaves (so that one is padding), the second of one, beside padding.
contract PublicationTest is Fixture {
    bytes private constant FIRST_TYPE = hex"0102000000030000000a";
    bytes private constant SECOND_TYPE = hex"0100";

    /// @dev What both miners have committed.
    IRuns.Commitment private _committed;

    /// @dev The messages of the payload's tree, kept: hashing them is a call, which would use up an expected revert.
    bytes[] private _pieces;

    function setUp() public {
        deploy();
        createRun();
        enlistAll(2, 2);
        openFirstRound();
        commitAll(2);
        _committed = commitment();
        bytes[] memory pieces = piecesOf();
        for (uint256 i = 0; i < pieces.length; ++i) _pieces.push(pieces[i]);
    }

    function leafOf(uint256 which) private pure returns (bytes memory) {
        bytes memory data = bytes.concat(bytes32(which), "leaf");
        return abi.encodePacked(uint8(0), uint32(data.length), data);
    }

    function nodeOfTwo(bytes memory left, bytes memory right) private pure returns (bytes memory) {
        return abi.encodePacked(uint8(1), sha256(left), sha256(right));
    }

    /// @dev The messages of the payload's tree in the order in which they are published.
    function piecesOf() private pure returns (bytes[] memory pieces) {
        pieces = new bytes[](10);
        pieces[9] = leafOf(4);
        pieces[8] = abi.encodePacked(uint8(3), SECOND_TYPE, sha256(pieces[9]));
        pieces[7] = leafOf(3);
        pieces[6] = abi.encodePacked(uint8(1), sha256(pieces[7]), Trees.EMPTY);
        pieces[5] = leafOf(2);
        pieces[4] = leafOf(1);
        pieces[3] = nodeOfTwo(pieces[4], pieces[5]);
        pieces[2] = nodeOfTwo(pieces[3], pieces[6]);
        pieces[1] = abi.encodePacked(uint8(3), FIRST_TYPE, sha256(pieces[2]));
        pieces[0] = nodeOfTwo(pieces[1], pieces[8]);
    }

    function commitment() internal view override returns (IRuns.Commitment memory c) {
        c = super.commitment();
        c.payloadRoot = Root.wrap(sha256(piecesOf()[0]));
    }

    function bytesOf(uint256 from, uint256 end) private view returns (bytes memory all) {
        for (uint256 i = from; i < end; ++i) all = bytes.concat(all, _pieces[i]);
    }

    function stackOf(bytes32 one) private pure returns (bytes32[] memory stack) {
        stack = new bytes32[](1);
        stack[0] = one;
    }

    function rootStack() private view returns (bytes32[] memory) {
        return stackOf(Root.unwrap(_committed.payloadRoot));
    }

    function publish(uint256 member, bytes32[] memory pending, bytes memory pieces) private {
        availability.publish(workOf(1, member), _committed, pending, pieces);
    }

    function published() private view returns (uint256) {
        return MemberSet.unwrap(availability.viewOf(RUN, 1).published);
    }

    function test_publish_ofEverything_makesThePayloadAvailable_whateverTheCommitteeSays() public {
        publish(1, rootStack(), bytesOf(0, 10));
        require(published() == 2 && availability.pendingOf(workOf(1, 1)) == bytes32(0));
        tickAll();
        attestAll(0);
        require(MemberSet.unwrap(availability.availableOf(RUN, 1)) == 2);
        pass(AUDIT_WINDOW);
        aggregateBy(0, 2, Root.wrap("next"));
    }

    function test_publish_goesOnFromAnywhere_byAnybody() public {
        for (uint256 cut = 1; cut < 10; ++cut) {
            uint256 snapshot = vm.snapshotState();
            publish(0, rootStack(), bytesOf(0, cut));
            require(published() == 0);
            bytes32[] memory left = pendingAt(cut);
            require(availability.pendingOf(workOf(1, 0)) == keccak256(abi.encode(left)));
            vm.prank(address(99));
            publish(0, left, bytesOf(cut, 10));
            require(published() == 1);
            vm.revertToState(snapshot);
        }
    }

    /// @dev What is left after so many pieces, the next one last; 10 is padding.
    function pendingAt(uint256 cut) private pure returns (bytes32[] memory left) {
        bytes[] memory pieces = piecesOf();
        bytes[] memory open = new bytes[](10);
        (open[1], open[2], open[3], open[4]) = (hex"0801", hex"0802", hex"080603", hex"08060504");
        (open[5], open[6], open[7], open[8], open[9]) = (hex"080605", hex"0806", hex"080a07", hex"08", hex"09");
        left = new bytes32[](open[cut].length);
        for (uint256 i = 0; i < left.length; ++i) {
            uint8 which = uint8(open[cut][i]);
            left[i] = which == 10 ? Trees.EMPTY : sha256(pieces[which]);
        }
    }

    function test_publish_ofAnotherStack_reverts() public {
        bytes32 root = keccak256(abi.encode(rootStack()));
        bytes32[] memory other = stackOf("other");
        vm.expectRevert(
            abi.encodeWithSelector(
                IAvailability.PendingMismatch.selector,
                workOf(1, 0),
                keccak256(abi.encode(other)),
                root
            )
        );
        publish(0, other, bytesOf(0, 10));
        publish(0, rootStack(), bytesOf(0, 1));
        // Nothing is published twice by starting again.
        vm.expectPartialRevert(IAvailability.PendingMismatch.selector);
        publish(0, rootStack(), bytesOf(0, 10));
    }

    function test_publish_ofAnotherMessage_reverts() public {
        bytes memory pieces = bytes.concat(bytesOf(0, 1), leafOf(7));
        bytes[] memory right = piecesOf();
        vm.expectRevert(
            abi.encodeWithSelector(IAvailability.WrongPiece.selector, 65, sha256(leafOf(7)), sha256(right[1]))
        );
        publish(0, rootStack(), pieces);
    }

    function test_publish_ofACutMessage_reverts_oneByteShortOfEachKind() public {
        uint8[3] memory which = [0, 1, 4];
        for (uint256 i = 0; i < 3; ++i) {
            bytes memory before = bytesOf(0, which[i]);
            bytes memory piece = _pieces[which[i]];
            bytes memory cut = new bytes(piece.length - 1);
            for (uint256 k = 0; k < cut.length; ++k) cut[k] = piece[k];
            vm.expectRevert(abi.encodeWithSelector(IAvailability.NoPiece.selector, before.length));
            publish(0, rootStack(), bytes.concat(before, cut));
        }
    }

    function test_publish_ofNoKindOfMessage_reverts() public {
        for (uint8 kind = 0; kind < 6; ++kind) {
            if (kind == 1) continue;
            vm.expectRevert(abi.encodeWithSelector(IAvailability.NoPiece.selector, 0));
            publish(0, rootStack(), abi.encodePacked(kind));
        }
    }

    function test_publish_ofMoreThanThePayload_reverts() public {
        bytes memory all = bytesOf(0, 10);
        vm.expectRevert(abi.encodeWithSelector(IAvailability.NothingPending.selector, all.length));
        publish(0, rootStack(), bytes.concat(all, hex"01"));
    }

    function test_publish_twice_reverts() public {
        publish(0, rootStack(), bytesOf(0, 10));
        vm.expectRevert(abi.encodeWithSelector(IAvailability.AlreadyPublished.selector, workOf(1, 0)));
        publish(0, rootStack(), bytesOf(0, 10));
        publish(1, rootStack(), bytesOf(0, 10));
        require(published() == 3);
    }

    function test_publish_ofWhatWasNotCommitted_reverts() public {
        IRuns.Commitment memory other = _committed;
        other.payloadBytes += 1;
        bytes32 given = keccak256(abi.encode(ownerOf(0), other));
        bytes32 posted = claims.wordOf(workOf(1, 0));
        vm.expectRevert(abi.encodeWithSelector(IAvailability.NotTheClaim.selector, workOf(1, 0), given, posted));
        availability.publish(workOf(1, 0), other, rootStack(), bytesOf(0, 10));
        ClaimId seat = claimId(ClaimKind.SEAT, RUN, 1, 3);
        vm.expectPartialRevert(IAvailability.NotTheClaim.selector);
        availability.publish(seat, _committed, rootStack(), bytesOf(0, 10));
    }

    function test_publish_onceTheAuditIsOver_reverts_andOneSecondBeforeCounts() public {
        tickAll();
        attestAll(1);
        pass(AUDIT_WINDOW);
        vm.expectRevert(abi.encodeWithSelector(IAvailability.NotPublishable.selector, workOf(1, 1)));
        publish(1, rootStack(), bytesOf(0, 10));
        vm.warp(vm.getBlockTimestamp() - 1);
        publish(1, rootStack(), bytesOf(0, 10));
    }

    function test_publish_inALaterRound_reverts() public {
        audit();
        aggregateBy(0, 3, Root.wrap("next"));
        pass(CHALLENGE_WINDOW);
        tickAll();
        vm.expectRevert(abi.encodeWithSelector(IAvailability.NotPublishable.selector, workOf(1, 1)));
        availability.publish(workOf(1, 1), _committed, rootStack(), bytesOf(0, 10));
    }

    function test_publish_doesAsMuchWorkAsItBringsPieces() public {
        publish(0, rootStack(), "");
        require(published() == 0);
        publish(0, rootStack(), bytesOf(0, 10));
    }
}

/// @dev Payloads that are two leaves, of which the second is error feedback.
contract FeedbackPublicationTest is Fixture {
    bytes private constant FEEDBACK = hex"000000000141";

    RunPrograms private _programs;
    IRuns.Commitment private _committed;

    function setUp() public {
        _programs.zeroPayload = "zero";
        start();
    }

    function start() private {
        deploy();
        createRun();
        enlistAll(2, 1);
        openFirstRound();
        commitAll(2);
        _committed = commitment();
    }

    function parameters() internal view override returns (RunParameters memory p) {
        p = super.parameters();
        p.programsRoot = Root.wrap(keccak256(abi.encode(_programs)));
    }

    function commitment() internal view override returns (IRuns.Commitment memory c) {
        c = super.commitment();
        c.payloadRoot = Root.wrap(Trees.node(payloadRoot(), sha256(FEEDBACK)));
    }

    function payloadRoot() private pure returns (bytes32) {
        return sha256(payloadLeaf());
    }

    function publish(bytes32 root, bytes memory pieces) private {
        bytes32[] memory pending = new bytes32[](1);
        pending[0] = root;
        availability.publish(workOf(1, 0), _committed, pending, pieces);
    }

    function leaveOut(bytes32 payload, bytes32 feedback) private {
        availability.leaveOutFeedback(workOf(1, 0), _committed, _programs, payload, feedback);
    }

    function test_publish_withoutTheFeedback_makesThePayloadAvailable() public {
        leaveOut(payloadRoot(), sha256(FEEDBACK));
        publish(payloadRoot(), payloadLeaf());
        require(availability.availableOf(RUN, 1).has(0));
    }

    function test_publish_withTheFeedback_countsAsWell() public {
        bytes memory node = abi.encodePacked(uint8(1), payloadRoot(), sha256(FEEDBACK));
        publish(sha256(node), bytes.concat(node, payloadLeaf(), FEEDBACK));
        require(availability.availableOf(RUN, 1).has(0));
        (bytes32 payload, bytes32 feedback) = (payloadRoot(), sha256(FEEDBACK));
        vm.expectRevert(abi.encodeWithSelector(IAvailability.AlreadyPublished.selector, workOf(1, 0)));
        leaveOut(payload, feedback);
    }

    function test_leaveOutFeedback_onceAnythingIsPending_reverts() public {
        (bytes32 payload, bytes32 feedback) = (payloadRoot(), sha256(FEEDBACK));
        leaveOut(payload, feedback);
        vm.expectRevert(abi.encodeWithSelector(IAvailability.AlreadyBegun.selector, workOf(1, 0)));
        leaveOut(payload, feedback);
    }

    function test_leaveOutFeedback_ofAnythingElse_reverts() public {
        (bytes32 payload, bytes32 feedback) = (payloadRoot(), sha256(FEEDBACK));
        (bytes32 given, bytes32 expected) = (Trees.node(feedback, payload), Trees.node(payload, feedback));
        vm.expectRevert(abi.encodeWithSelector(IAvailability.WrongPiece.selector, 0, given, expected));
        leaveOut(feedback, payload);
    }

    function test_leaveOutFeedback_byOtherPrograms_reverts() public {
        (bytes32 payload, bytes32 feedback) = (payloadRoot(), sha256(FEEDBACK));
        _programs.segmentSteps += 1;
        vm.expectRevert(abi.encodeWithSelector(IAvailability.NoFeedback.selector, RUN));
        leaveOut(payload, feedback);
    }

    function test_leaveOutFeedback_whereThereIsNone_reverts() public {
        _programs.zeroPayload = bytes32(0);
        start();
        (bytes32 payload, bytes32 feedback) = (payloadRoot(), sha256(FEEDBACK));
        vm.expectRevert(abi.encodeWithSelector(IAvailability.NoFeedback.selector, RUN));
        leaveOut(payload, feedback);
    }

    function test_leaveOutFeedback_ofWhatWasNotCommitted_reverts() public {
        (bytes32 payload, bytes32 feedback) = (payloadRoot(), sha256(FEEDBACK));
        _committed.payloadBytes += 1;
        vm.expectPartialRevert(IAvailability.NotTheClaim.selector);
        leaveOut(payload, feedback);
    }
}
