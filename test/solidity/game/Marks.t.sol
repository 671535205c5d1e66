// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGame} from "../../../contracts/claim/IGame.sol";
import {IRules} from "../../../contracts/claim/rules/IRules.sol";
import {Root} from "../../../contracts/types/Root.sol";
import {GameFixture} from "../lib/GameFixture.sol";
import {Trees} from "../lib/Trees.sol";
import {vm} from "../lib/Vm.sol";

/// @dev From a span of steps to one invocation. A segment has 130 steps: 44 parts of 3, the last of 1.
contract GameMarksTest is GameFixture {
    function challenger() private pure returns (address) {
        return ownerOf(CHALLENGER);
    }

    function take(
        IGame.Position memory position,
        bytes32[] memory marks,
        uint256 part,
        bytes32 end
    ) private returns (IGame.Position memory) {
        by(CLAIMANT);
        play.answerMarks(work, challenger(), position, marks, part, end, trace);
        return moved();
    }

    function test_part_ofMoreThanOneStep_isToBeMarked() public {
        bytes32[] memory marks = marksOfSegment();
        IGame.Position memory position = take(toMarks(), marks, 5, "end");
        require(position.stage == IGame.Stage.MARK && position.first == 145 && position.end == 148);
        require(position.start == marks[4] && position.finish == "end" && position.marks == bytes32(0));
        require(position.trace == bytes32(0));
    }

    function test_firstPart_startsWhereTheSpanDoes() public {
        IGame.Position memory position = take(toMarks(), marksOfSegment(), 0, "end");
        require(position.start == finish && position.first == 130 && position.end == 133);
    }

    function test_lastPart_ofOneStep_isTracedAtOnce() public {
        bytes32[] memory marks = marksOfSegment();
        IGame.Position memory position = take(toMarks(), marks, 43, finish);
        require(position.stage == IGame.Stage.CHOOSE_NODES && position.first == 259 && position.end == 260);
        require(position.start == marks[42] && position.finish == finish);
        require(position.trace == trace.root && position.subtree == trace.root && position.height == 9);
        require(position.places == nodes() && position.index == 0);
    }

    function test_part_afterTheLast_reverts() public {
        IGame.Position memory position = toMarks();
        vm.expectRevert(abi.encodeWithSelector(IRules.NoSuchPart.selector, 44, 44));
        this.takeAs(position, 44, finish);
    }

    function test_part_whoseEndIsTheMark_reverts() public {
        IGame.Position memory position = toMarks();
        bytes32 mark = marksOfSegment()[5];
        vm.expectRevert(abi.encodeWithSelector(IRules.WrongFinish.selector, mark, mark));
        this.takeAs(position, 5, mark);
        this.takeAs(position, 5, bytes32(uint256(mark) ^ 1));
    }

    function test_lastPart_withAnotherEndThanTheClaims_reverts() public {
        IGame.Position memory position = toMarks();
        vm.expectRevert(abi.encodeWithSelector(IRules.WrongFinish.selector, bytes32("end"), finish));
        this.takeAs(position, 43, "end");
        this.takeAs(position, 43, finish);
    }

    function test_part_ofOtherMarks_reverts() public {
        IGame.Position memory position = toMarks();
        bytes32[] memory marks = marksOfSegment();
        marks[7] = "other";
        bytes32 given = keccak256(abi.encodePacked(marks));
        vm.expectRevert(abi.encodeWithSelector(IRules.MarksMismatch.selector, given, position.marks));
        vm.prank(nodeOf(CLAIMANT));
        play.answerMarks(work, challenger(), position, marks, 5, "end", trace);
    }

    function test_part_takenByAnyoneButTheClaimant_reverts() public {
        IGame.Position memory position = toMarks();
        bytes32[] memory marks = marksOfSegment();
        vm.expectRevert(abi.encodeWithSelector(IGame.NotYourMove.selector, ownerOf(CHALLENGER), ownerOf(CLAIMANT)));
        vm.prank(nodeOf(CHALLENGER));
        play.answerMarks(work, challenger(), position, marks, 5, "end", trace);
        vm.prank(ownerOf(CLAIMANT));
        play.answerMarks(work, challenger(), position, marks, 5, "end", trace);
    }

    function test_mark_marksThePartAgain_downToOneStep() public {
        IGame.Position memory position = take(toMarks(), marksOfSegment(), 5, finish);
        bytes32[] memory marks = Trees.noises(900, 2);
        vm.expectRevert(abi.encodeWithSelector(IRules.WrongMarks.selector, 1, 2));
        vm.prank(nodeOf(CHALLENGER));
        play.mark(work, challenger(), position, new bytes32[](1));
        vm.expectRevert(abi.encodeWithSelector(IGame.NotYourMove.selector, ownerOf(CLAIMANT), ownerOf(CHALLENGER)));
        vm.prank(nodeOf(CLAIMANT));
        play.mark(work, challenger(), position, marks);
        pay(CHALLENGER);
        play.mark{value: FEE}(work, challenger(), position, marks);
        position = moved();
        require(position.stage == IGame.Stage.MARKS && position.marks == keccak256(abi.encodePacked(marks)));
        position = take(position, marks, 2, finish);
        require(position.stage == IGame.Stage.CHOOSE_NODES && position.first == 147 && position.end == 148);
        require(position.start == marks[1] && position.finish == finish);
    }

    function test_trace_withAnotherOutput_reverts() public {
        IGame.Position memory position = take(toMarks(), marksOfSegment(), 5, "end");
        bytes32[] memory marks = Trees.noises(900, 2);
        pay(CHALLENGER);
        play.mark{value: FEE}(work, challenger(), position, marks);
        position = moved();
        // A claimant that stands by a random end cannot defend it with an honest trace.
        bytes32 found = Trees.climb("end", outputStart() >> 7, trace.outputProof);
        vm.expectRevert(abi.encodeWithSelector(IRules.NotUnderRoot.selector, found, trace.root));
        vm.prank(nodeOf(CLAIMANT));
        play.answerMarks(work, challenger(), position, marks, 2, "end", trace);
    }

    function test_trace_withAnotherHeader_orProofsOfAnotherLength_reverts() public {
        IGame.Position memory position = toInvoke();
        IGame.Trace memory other = trace;
        other.nodes += 1;
        bytes memory header = abi.encodePacked(other.nodes, outputStart(), uint32(3), uint32(2));
        bytes32 found = Trees.climb(Trees.leaf(header), 8, other.headerProof);
        vm.expectRevert(abi.encodeWithSelector(IRules.NotUnderRoot.selector, found, Root.unwrap(program)));
        vm.prank(nodeOf(CLAIMANT));
        play.answerTrace(work, challenger(), position, other);
        other.nodes -= 1;
        other.inputs = 3;
        vm.expectRevert(abi.encodeWithSelector(IRules.WrongProofLength.selector, 4, 5));
        vm.prank(nodeOf(CLAIMANT));
        play.answerTrace(work, challenger(), position, other);
        other.inputs = 2;
        other.outputProof = new bytes32[](3);
        vm.expectRevert(abi.encodeWithSelector(IRules.WrongProofLength.selector, 3, 2));
        vm.prank(nodeOf(CLAIMANT));
        play.answerTrace(work, challenger(), position, other);
        other.outputProof = trace.outputProof;
        other.children = new bytes32[](16);
        vm.expectRevert(abi.encodeWithSelector(IRules.WrongChildren.selector, 16, 32));
        vm.prank(nodeOf(CLAIMANT));
        play.answerTrace(work, challenger(), position, other);
        traceBy(CLAIMANT, CHALLENGER, position);
    }

    /// @dev Another trace with the same output.
    function otherTrace() private view returns (IGame.Trace memory other) {
        other = trace;
        other.children[31] = "other";
        other.root = Trees.fold(other.children);
        other.outputProof[0] = Trees.fold(other.children, 24, 8);
    }

    function test_trace_onceGiven_isTheOneOfEveryGameOnTheClaim() public {
        toChooseNodes();
        IGame.Position memory second = openBy(3, opening(IGame.Subject.PAYLOAD, 0, new bytes32[](0)));
        IGame.Trace memory other = otherTrace();
        vm.expectRevert(abi.encodeWithSelector(IGame.TraceMismatch.selector, other.root, trace.root));
        vm.prank(nodeOf(CLAIMANT));
        play.answerTrace(work, ownerOf(3), second, other);
        // Whoever saw it may say it again, and is paid for that.
        uint256 balance = nodeOf(2).balance;
        by(2);
        play.answerTrace(work, ownerOf(3), second, trace);
        require(nodeOf(2).balance == balance + FEE);
        require(moved().stage == IGame.Stage.CHOOSE_NODES);
    }

    function test_trace_ofAnotherStep_isAnother() public {
        take(toMarks(), marksOfSegment(), 43, finish);
        bytes32[] memory marks = marksOfSegment();
        IGame.Position memory second = openBy(3, opening(IGame.Subject.SEGMENT, 2, marks));
        IGame.Trace memory other = otherTrace();
        vm.prank(nodeOf(CLAIMANT));
        play.answerMarks(work, ownerOf(3), second, marks, 43, finish, other);
    }

    function test_traceOfAStep_onceGiven_bindsTheClaimantThere() public {
        take(toMarks(), marksOfSegment(), 43, finish);
        bytes32[] memory marks = marksOfSegment();
        IGame.Position memory second = openBy(3, opening(IGame.Subject.SEGMENT, 1, marks));
        IGame.Trace memory other = otherTrace();
        vm.expectRevert(abi.encodeWithSelector(IGame.TraceMismatch.selector, other.root, trace.root));
        vm.prank(nodeOf(CLAIMANT));
        play.answerMarks(work, ownerOf(3), second, marks, 43, finish, other);
    }

    /// @dev External, so that a revert expected before is that of the move.
    function takeAs(IGame.Position calldata position, uint256 part, bytes32 end) external {
        take(position, marksOfSegment(), part, end);
    }
}
