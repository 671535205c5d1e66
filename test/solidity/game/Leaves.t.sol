// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClaims} from "../../../contracts/claim/IClaims.sol";
import {IGame} from "../../../contracts/claim/IGame.sol";
import {Draws} from "../../../contracts/claim/rules/Draws.sol";
import {IRules} from "../../../contracts/claim/rules/IRules.sol";
import {Root} from "../../../contracts/types/Root.sol";
import {Trees} from "../lib/Trees.sol";
import {vm} from "../lib/Vm.sol";
import {GameVerdictTest} from "./Claims.t.sol";

/// @dev A game on the leaves of validator 2's verdict; validator 3 picks number 5 of them, the only one that is not noise.
/// The node that is drawn for it is the one whose tensor is there.
abstract contract GameLeaves is GameVerdictTest {
    uint256 internal constant NUMBER = 5;
    bytes32[] internal listed;

    function place() internal pure virtual override returns (uint256) {
        return Draws.place(seed(), NUMBER, nodes());
    }

    function leafIndex() internal pure virtual override returns (uint256) {
        return Draws.leaf(seed(), NUMBER, rows());
    }

    function seed() internal pure returns (bytes32) {
        return Draws.seed(ownerOf(2), workOf(1, CLAIMANT));
    }

    /// @dev What the claimant says of it.
    function listedLeaf() internal view virtual returns (bytes32) {
        return leafRoot();
    }

    function leavesClaimed() internal view override returns (bytes32) {
        return Trees.fold(listedLeaves());
    }

    function listedLeaves() internal view returns (bytes32[] memory) {
        return Trees.around(listedLeaf(), NUMBER, 900, 64);
    }

    function list() internal view returns (IGame.Trace memory given) {
        given = trace;
        given.outputProof = new bytes32[](0);
        given.children = listedLeaves();
    }

    function toTrace() internal returns (IGame.Position memory) {
        return openVerdict(IGame.Subject.LEAVES, none(), verdict);
    }

    function toChooseLeaf() internal returns (IGame.Position memory position) {
        position = toTrace();
        IGame.Trace memory given = list();
        by(2);
        play.answerTrace(work, ownerOf(3), position, given);
        return moved();
    }

    function pickLeaf(IGame.Position memory position, uint256 number) public returns (IGame.Position memory) {
        bytes32[] memory all = listedLeaves();
        bytes32[] memory siblings = Trees.siblings(all, number);
        pay(3);
        play.pickNode{value: FEE}(
            work,
            ownerOf(3),
            position,
            number,
            all[number],
            siblings,
            descriptor,
            descriptorProof
        );
        return moved();
    }

    function toDrawn() internal returns (IGame.Position memory) {
        return pickLeaf(toChooseLeaf(), NUMBER);
    }

    function leafProof() internal view returns (bytes32[] memory) {
        bytes32[] memory below = Trees.siblings(lowChunks, low(leafIndex()));
        return Trees.join(below, Trees.siblings(highChunks, high(leafIndex())));
    }

    function nodeProof() internal view returns (bytes32[] memory) {
        bytes32[] memory below = Trees.siblings(lowNodes, low(place()));
        return Trees.join(below, Trees.siblings(trace.children, high(place())));
    }

    function expectEndOfGame(bool isVoided, bytes32 reason) internal {
        moved();
        require(keccak256(ending) == keccak256(abi.encode(isVoided, reason)), "another end");
        IClaims.ChallengeStatus status = claims.challengeStatusOf(work, ownerOf(3));
        require(status == (isVoided ? IClaims.ChallengeStatus.CLOSED : IClaims.ChallengeStatus.LOST));
        require(claims.isVoided(work) == isVoided);
    }
}

contract GameLeavesTest is GameLeaves {
    function test_opening_takesTraceSeedAndList() public {
        IGame.Position memory position = toTrace();
        require(position.subject == IGame.Subject.LEAVES && position.stage == IGame.Stage.INVOKE);
        require(position.first == (uint32(segment) + 1) * 130 - 1 && position.end == position.first + 1);
        require(position.trace == trace.root && position.finish == Trees.fold(listedLeaves()));
        require(position.second == keccak256(abi.encode(ownerOf(2), verdict.work)));
    }

    function test_list_isShownByAnyone_withTheClaimedTrace() public {
        IGame.Position memory position = toTrace();
        IGame.Trace memory given = list();
        by(1);
        play.answerTrace(work, ownerOf(3), position, given);
        position = moved();
        require(position.stage == IGame.Stage.CHOOSE_LEAF && position.places == nodes() && position.height == 6);
        require(position.subtree == verdict.leaves && position.trace == trace.root && position.index == 0);
        require(!play.gameOf(work, ownerOf(3)).claimantMoves);
    }

    function test_list_otherThanClaimed_orOfAnotherTrace_reverts() public {
        IGame.Position memory position = toTrace();
        IGame.Trace memory other = list();
        other.children[63] = "other";
        expectNotUnder(Trees.fold(other.children), verdict.leaves);
        play.answerTrace(work, ownerOf(3), position, other);
        other.children = new bytes32[](32);
        vm.expectRevert(abi.encodeWithSelector(IRules.WrongChildren.selector, 32, 64));
        play.answerTrace(work, ownerOf(3), position, other);
        other = list();
        other.root = "other";
        vm.expectRevert(abi.encodeWithSelector(IRules.TraceNotClaimed.selector, bytes32("other"), trace.root));
        vm.prank(nodeOf(2));
        play.answerTrace(work, ownerOf(3), position, other);
        other = list();
        other.nodes += 1;
        vm.expectPartialRevert(IRules.NotUnderRoot.selector);
        play.answerTrace(work, ownerOf(3), position, other);
    }

    function test_pick_isTheChallengers_andOfAListedLeaf() public {
        IGame.Position memory position = toChooseLeaf();
        bytes32[] memory siblings = Trees.siblings(listedLeaves(), NUMBER);
        bytes32 root = listedLeaf();
        vm.expectRevert(abi.encodeWithSelector(IGame.NotYourMove.selector, ownerOf(1), ownerOf(3)));
        vm.prank(nodeOf(1));
        play.pickNode(work, ownerOf(3), position, NUMBER, root, siblings, descriptor, descriptorProof);
        vm.expectRevert(abi.encodeWithSelector(IRules.NoSuchChild.selector, 64, 64));
        vm.prank(nodeOf(3));
        play.pickNode(work, ownerOf(3), position, 64, root, siblings, descriptor, descriptorProof);
        expectNotUnder(Trees.climb("other", NUMBER, siblings), verdict.leaves);
        vm.prank(nodeOf(3));
        play.pickNode(work, ownerOf(3), position, NUMBER, "other", siblings, descriptor, descriptorProof);
        vm.expectRevert(
            abi.encodeWithSelector(IRules.WrongStage.selector, IGame.Stage.CHOOSE_LEAF, IGame.Stage.CHOOSE_NODES)
        );
        vm.prank(nodeOf(3));
        play.pick(work, ownerOf(3), position, NUMBER, root, siblings);
    }

    function test_pick_withTheDescriptorOfAnotherNode_reverts_andWithThatOfTheDrawnOneStandsThere() public {
        IGame.Position memory position = toChooseLeaf();
        uint256 other = Draws.place(seed(), NUMBER + 1, nodes());
        expectNotUnder(Trees.climb(Trees.leaf(descriptor), other, descriptorProof), Root.unwrap(program));
        this.pickLeaf(position, NUMBER + 1);
        position = pickLeaf(position, NUMBER);
        require(position.stage == IGame.Stage.DRAWN && position.subtree == listedLeaf() && position.height == 0);
        require(position.node == place() && position.index == leafIndex() && position.places == nodes());
        require(position.descriptor == Trees.leaf(descriptor) && position.trace == trace.root);
        require(play.gameOf(work, ownerOf(3)).claimantMoves && play.gameOf(work, ownerOf(3)).escrow == FEE);
    }

    function test_rightLeaf_losesTheChallenge_whoeverShowsIt() public {
        IGame.Position memory position = toDrawn();
        uint256 before = nodeOf(1).balance;
        (bytes32[] memory below, bytes32[] memory above) = (leafProof(), nodeProof());
        by(1);
        play.openDrawn(work, ownerOf(3), position, descriptor, below, above);
        expectEndOfGame(false, "leaves");
        require(nodeOf(1).balance == before + FEE);
    }

    function test_leaf_openedElsewhere_reverts() public {
        IGame.Position memory position = toDrawn();
        bytes32[] memory leaves = leafProof();
        bytes32[] memory above = nodeProof();
        bytes memory other = descriptor;
        other[60] = 0x03;
        vm.expectRevert(
            abi.encodeWithSelector(IRules.NotTheDescriptor.selector, Trees.leaf(other), position.descriptor)
        );
        play.openDrawn(work, ownerOf(3), position, other, leaves, above);
        leaves[0] = "other";
        vm.expectPartialRevert(IRules.NotUnderRoot.selector);
        play.openDrawn(work, ownerOf(3), position, descriptor, leaves, above);
        leaves = leafProof();
        above[0] = "other";
        vm.expectPartialRevert(IRules.NotUnderRoot.selector);
        play.openDrawn(work, ownerOf(3), position, descriptor, leaves, above);
        vm.expectRevert(abi.encodeWithSelector(IRules.WrongProofLength.selector, 8, 9));
        play.openDrawn(work, ownerOf(3), position, descriptor, leaves, new bytes32[](8));
    }

    function test_openDrawn_inAnotherStage_reverts() public {
        IGame.Position memory position = toChooseLeaf();
        vm.expectRevert(abi.encodeWithSelector(IRules.WrongStage.selector, IGame.Stage.CHOOSE_LEAF, IGame.Stage.DRAWN));
        play.openDrawn(work, ownerOf(3), position, descriptor, none(), none());
    }

    function test_challengerOutOfTime_losesTheChallenge() public {
        IGame.Position memory position = toChooseLeaf();
        pass(CLOCK);
        vm.recordLogs();
        play.timeOut(work, ownerOf(3), position);
        expectEndOfGame(false, "clock");
    }

    /// @dev What test/workers/sdk/verdict-leaves.ts has, too.
    function test_draws_areThoseOfTheClient() public pure {
        require(seed() == 0xa2f46ebdaf67c0b114fe28fcaa2a6894aab0e9c6ff846ee140a8d47b7e9283e7);
        uint256[4] memory numbers = [uint256(0), 1, 5, 63];
        uint256[4] memory places = [uint256(351), 15, 213, 276];
        uint256[4] memory leaves = [uint256(57), 190, 25, 223];
        for (uint256 i = 0; i < 4; ++i) {
            require(Draws.place(seed(), numbers[i], 384) == places[i]);
            require(Draws.leaf(seed(), numbers[i], 300) == leaves[i]);
        }
    }

    function expectNotUnder(bytes32 given, bytes32 expected) private {
        vm.expectRevert(abi.encodeWithSelector(IRules.NotUnderRoot.selector, given, expected));
    }
}

/// @dev The list has something else than the drawn leaf.
contract GameWrongLeafTest is GameLeaves {
    function listedLeaf() internal pure override returns (bytes32) {
        return Trees.noise(9);
    }

    function test_wrongLeaf_cannotBeShown_andLosesByTime() public {
        IGame.Position memory position = toDrawn();
        (bytes32[] memory below, bytes32[] memory above) = (leafProof(), nodeProof());
        vm.expectPartialRevert(IRules.NotUnderRoot.selector);
        play.openDrawn(work, ownerOf(3), position, descriptor, below, above);
        pass(CLOCK);
        vm.recordLogs();
        play.timeOut(work, ownerOf(3), position);
        expectEndOfGame(true, "clock");
    }
}

/// @dev The list has a node from above the drawn leaf.
contract GameNodeForALeafTest is GameLeaves {
    function listedLeaf() internal view override returns (bytes32) {
        return Trees.fold(lowChunks);
    }

    function test_nodeInTheTree_isNoLeaf() public {
        IGame.Position memory position = toDrawn();
        bytes32[] memory proof = Trees.siblings(highChunks, high(leafIndex()));
        bytes32[] memory above = nodeProof();
        vm.expectRevert(abi.encodeWithSelector(IRules.WrongProofLength.selector, proof.length, 9));
        play.openDrawn(work, ownerOf(3), position, descriptor, proof, above);
    }
}

/// @dev What is drawn is padding of the trace.
abstract contract GameDrawnPadding is GameLeaves {
    function descriptorContent() internal pure override returns (bytes memory) {
        return "";
    }
}

contract GameListedPaddingTest is GameDrawnPadding {
    function listedLeaf() internal pure override returns (bytes32) {
        return Trees.noise(9);
    }

    function test_paddingThatIsListedAsALeaf_voidsTheVerdict() public {
        pickLeaf(toChooseLeaf(), NUMBER);
        require(claims.isVoided(work) && play.owedTo(ownerOf(3)) == FEE);
    }
}

contract GameListedEmptyTest is GameDrawnPadding {
    function listedLeaf() internal pure override returns (bytes32) {
        return Trees.EMPTY;
    }

    function test_paddingThatIsListedAsEmpty_losesTheChallenge() public {
        pickLeaf(toChooseLeaf(), NUMBER);
        require(!claims.isVoided(work) && play.owedTo(ownerOf(3)) == FEE);
        require(claims.challengeStatusOf(work, ownerOf(3)) == IClaims.ChallengeStatus.LOST);
    }
}
