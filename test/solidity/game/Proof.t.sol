// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGame} from "../../../contracts/claim/IGame.sol";
import {IReferee} from "../../../contracts/claim/referee/IReferee.sol";
import {IRules} from "../../../contracts/claim/rules/IRules.sol";
import {RunPrograms} from "../../../contracts/claim/RunPrograms.sol";
import {IRuns} from "../../../contracts/run/IRuns.sol";
import {Root} from "../../../contracts/types/Root.sol";
import {GameFixture} from "../lib/GameFixture.sol";
import {vm} from "../lib/Vm.sol";

/// @dev What the referee is told at the last move, on a miner's payload.
contract GameProofTest is GameFixture {
    function context() internal view virtual returns (IReferee.Context memory expected) {
        expected.program = program;
        expected.trace = trace.root;
        expected.inputs = new bytes32[](2);
        expected.inputs[0] = Root.unwrap(GENESIS);
        expected.inputs[1] = finish;
    }

    function proveBatch(IGame.Position memory position, RunPrograms memory p) private {
        IReferee.Evidence memory evidence;
        evidence.tokens.leaf.data = "tokens";
        by(CHALLENGER);
        play.prove(work, ownerOf(CHALLENGER), position, descriptor, leafData, 7, evidence, new IGame.Source[](0), p);
    }

    function test_batch_isTheClaimants() public {
        IGame.Position memory position = toProve();
        IReferee.Context memory expected = context();
        expected.dataset = Root.wrap("dataset");
        expected.seed = runs.roundOf(RUN, 1).seed;
        expected.participant = ownerOf(CLAIMANT);
        referee.expect(descriptor, leafIndex() * 256 + 7, expected);
        proveBatch(position, programs());
        expectEnd(true, "element");
    }

    function test_batch_ofOtherPrograms_reverts() public {
        IGame.Position memory position = toProve();
        RunPrograms memory p = programs();
        p.dataset = Root.wrap("other");
        expectNotThePrograms(p);
        proveBatch(position, p);
    }
}

/// @dev The second operand is an earlier node, which has no root of its own.
contract GameNodeOperandTest is GameProofTest {
    function descriptorContent() internal view override returns (bytes memory content) {
        content = super.descriptorContent();
        content[68] = 0x01;
    }

    function context() internal view override returns (IReferee.Context memory expected) {
        expected = super.context();
        expected.inputs[1] = 0;
    }
}

/// @dev Rounds of fewer steps than segments: some segments have none, and end where they start.
contract GameEmptySegmentTest is GameFixture {
    function stepsOfSegment() internal pure override returns (uint32) {
        return 0;
    }

    function test_segmentWithoutSteps_thatEndsWhereItStarts_isNotDisputed() public {
        IGame.Opening memory open = opening(IGame.Subject.SEGMENT, 1, new bytes32[](0));
        announceBy(CHALLENGER, open);
        vm.roll(vm.getBlockNumber() + 1);
        IRuns.Commitment memory c = commitment();
        RunPrograms memory p = programs();
        vm.expectRevert(abi.encodeWithSelector(IRules.NothingDisputed.selector));
        vm.prank(nodeOf(CHALLENGER));
        play.openOnWork(open, c, p);
    }

    function test_segmentWithoutSteps_thatEndsElsewhere_voidsTheClaimWhenOpened() public {
        openBy(CHALLENGER, opening(IGame.Subject.SEGMENT, 0, new bytes32[](0)));
        expectEnd(true, "before");
    }
}

/// @dev A round that starts from zero in one part of its local state only.
abstract contract GameHalfZero is GameFixture {
    function groups() internal view virtual returns (bytes32 first, bytes32 rest);

    function commitment() internal view override returns (IRuns.Commitment memory c) {
        c = super.commitment();
        (bytes32 first, bytes32 rest) = groups();
        c.startRoot = Root.wrap(trainingRoot(Root.unwrap(c.parent), first, rest));
    }

    function answerWith(RunPrograms memory p, bytes memory reason) private {
        IGame.Position memory position = openBy(CHALLENGER, opening(IGame.Subject.START, 0, new bytes32[](0)));
        IRuns.Commitment memory c = commitment();
        (bytes32 first, bytes32 rest) = groups();
        vm.expectRevert(reason);
        play.answerStart(work, ownerOf(CHALLENGER), position, c, first, rest, c, 0, p);
    }

    function test_start_halfFromZero_isWrong() public {
        (bytes32 first, bytes32 rest) = groups();
        answerWith(programs(), abi.encodeWithSelector(IRules.WrongLocalState.selector, first, rest));
    }

    function test_start_byOtherPrograms_reverts() public {
        RunPrograms memory p = programs();
        (p.zeroFirst, p.zeroRest) = groups();
        (bytes32 given, bytes32 posted) = (keccak256(abi.encode(p)), keccak256(abi.encode(programs())));
        answerWith(p, abi.encodeWithSelector(IRules.NotThePrograms.selector, given, posted));
    }
}

contract GameZeroFirstTest is GameHalfZero {
    function groups() internal view override returns (bytes32, bytes32) {
        return (programs().zeroFirst, "rest");
    }
}

contract GameZeroRestTest is GameHalfZero {
    function groups() internal view override returns (bytes32, bytes32) {
        return ("first", programs().zeroRest);
    }
}
