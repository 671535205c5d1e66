// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClaims} from "../../../contracts/claim/IClaims.sol";
import {IGame} from "../../../contracts/claim/IGame.sol";
import {IReferee} from "../../../contracts/claim/referee/IReferee.sol";
import {IRules} from "../../../contracts/claim/rules/IRules.sol";
import {RunPrograms} from "../../../contracts/claim/RunPrograms.sol";
import {IRuns} from "../../../contracts/run/IRuns.sol";
import {RunParameters} from "../../../contracts/run/RunParameters.sol";
import {ClaimId} from "../../../contracts/types/ClaimId.sol";
import {Root} from "../../../contracts/types/Root.sol";
import {Fixture} from "./Fixture.sol";
import {ScriptedReferee} from "./ScriptedReferee.sol";
import {Trees} from "./Trees.sol";
import {Vm, vm} from "./Vm.sol";

/// @dev The real game with a scripted referee: two miners, two validators, round 1. Miner 1 is the claimant, validator 2
/// the challenger. The claimant's trace has one node that the tests walk to; the rest of it is noise.
///
/// Program: 384 nodes, the last 128 are the output; so the trace has 9 levels, opened 5 and 4. Node 37 is f32 [300, 256]:
/// 300 leaves of 1,024 bytes, 9 levels too. The walk goes to leaf 130. What lies there may be scripted, and how deep.
abstract contract GameFixture is Fixture {
    uint256 internal constant CLAIMANT = 1;
    uint256 internal constant CHALLENGER = 2;
    uint256 internal constant PRICE = 1 gwei;
    uint32 internal constant NODE = 37;
    bytes32 internal constant SALT = "salt";

    /// @dev More than any demand costs.
    uint256 internal constant FEE = 0.01 ether;

    IGame internal play;
    ScriptedReferee internal referee;
    ClaimId internal work;
    bytes internal descriptor;
    bytes32[] internal descriptorProof;
    bytes internal leafData;
    bytes32 internal tree;
    IGame.Trace internal trace;
    bytes32 internal finish;
    bytes32[] internal lowNodes;
    bytes32[] internal highChunks;
    bytes32[] internal lowChunks;
    Root internal program;

    /// @dev Data of the last end of a game that was seen.
    bytes internal ending;

    function setUp() public virtual {
        script();
        referee = new ScriptedReferee();
        address rules = create("claim/rules/Rules.sol:Rules", abi.encode(referee));
        play = IGame(deployWith(create("claim/GameFactory.sol:GameFactory", abi.encode(rules))));
        vm.fee(PRICE);
        createRun();
        enlistAll(2, 2);
        openFirstRound();
        commitAll(2);
        work = workOf(1, CLAIMANT);
    }

    /// @dev Steps of a segment; a run has 16.
    function stepsOfSegment() internal view virtual returns (uint32) {
        return 130;
    }

    /// @dev Levels of the trace and of the tensor that are opened second, and first.
    function lowLevels() internal pure virtual returns (uint8) {
        return 4;
    }

    function highLevels() internal pure virtual returns (uint8) {
        return 5;
    }

    function nodes() internal pure returns (uint32) {
        return uint32(3) << (lowLevels() + highLevels() - 2);
    }

    function outputStart() internal pure returns (uint32) {
        return uint32(1) << (lowLevels() + highLevels() - 1);
    }

    function rows() internal pure virtual returns (uint32) {
        return 300;
    }

    function low(uint256 index) internal pure returns (uint256) {
        return index & ((uint256(1) << lowLevels()) - 1);
    }

    function high(uint256 index) internal pure returns (uint256) {
        return index >> lowLevels();
    }

    /// @dev Of the node that the tests walk to.
    function place() internal pure virtual returns (uint256) {
        return NODE;
    }

    function leafIndex() internal pure virtual returns (uint256) {
        return 130;
    }

    function leafContent() internal view virtual returns (bytes memory data) {
        data = new bytes(1024);
        for (uint256 i = 0; i < 256; ++i) data[4 * i + 3] = 0x40; // 2.0
    }

    function leafRoot() internal view virtual returns (bytes32) {
        return Trees.leaf(leafData);
    }

    function nodeRoot() internal view virtual returns (bytes32) {
        return Trees.tensor(abi.encodePacked(uint8(1), uint8(2), rows(), uint32(256)), tree);
    }

    /// @dev A subtraction, f32 of rank 2, of tensors 5 and 9 of input states 0 and 1. Empty for padding.
    function descriptorContent() internal view virtual returns (bytes memory) {
        return
            bytes.concat(
                abi.encodePacked(uint16(2), uint8(1), uint8(2), rows(), uint32(256)),
                new bytes(48),
                abi.encodePacked(uint8(2), uint8(0), uint16(0), uint32(5), uint8(2), uint8(1), uint16(0), uint32(9)),
                new bytes(20)
            );
    }

    function programs() internal view virtual returns (RunPrograms memory p) {
        p.training = program;
        p.payload = program;
        p.aggregates = Root.wrap(Trees.climb(Root.unwrap(program), 2, Trees.noises(70, 8)));
        p.zeroFirst = Trees.noise(60);
        p.zeroRest = Trees.noise(61);
        p.zeroPayload = Trees.noise(62);
        p.segmentSteps = stepsOfSegment();
        p.payloadBytes = 4_000_000;
        p.dataset = Root.wrap("dataset");
    }

    function parameters() internal view override returns (RunParameters memory p) {
        p = super.parameters();
        p.programsRoot = Root.wrap(keccak256(abi.encode(programs())));
    }

    function expectNotThePrograms(RunPrograms memory other) internal {
        (bytes32 given, bytes32 posted) = (keccak256(abi.encode(other)), keccak256(abi.encode(programs())));
        vm.expectRevert(abi.encodeWithSelector(IRules.NotThePrograms.selector, given, posted));
    }

    /// @dev As the base has it, but each segment ends in the output of the scripted trace, and the round starts from zero.
    function commitment() internal view virtual override returns (IRuns.Commitment memory c) {
        c = super.commitment();
        c.startRoot = Root.wrap(trainingRoot(Root.unwrap(c.parent), Trees.noise(60), Trees.noise(61)));
        for (uint256 i = 0; i < 16; ++i) c.segmentRoots[i] = finish;
        c.payloadRoot = Root.wrap(finish);
    }

    function trainingRoot(bytes32 parameters_, bytes32 first, bytes32 rest) internal pure returns (bytes32) {
        return Trees.node(Trees.node(parameters_, first), rest);
    }

    /// @dev Makes the trees from the leaf up.
    function script() private {
        descriptor = descriptorContent();
        leafData = leafContent();
        scriptTensor();
        scriptProgram();
        scriptTrace();
    }

    function scriptTensor() private {
        lowChunks = Trees.around(leafRoot(), low(leafIndex()), 100, uint256(1) << lowLevels());
        highChunks = Trees.around(Trees.fold(lowChunks), high(leafIndex()), 200, uint256(1) << highLevels());
        tree = Trees.fold(highChunks);
    }

    function scriptProgram() private {
        uint256 depth = lowLevels() + highLevels();
        bytes memory header = abi.encodePacked(nodes(), outputStart(), uint32(3), uint32(2));
        bytes32[] memory layouts = Trees.noises(500, 2);
        descriptorProof = Trees.noises(600, depth + 2);
        bytes32 placed = descriptor.length == 0 ? Trees.EMPTY : Trees.leaf(descriptor);
        bytes32 left = Trees.node(Trees.climb(placed, place(), Trees.noises(600, depth)), descriptorProof[depth]);
        bytes32 right = Trees.node(Trees.climb(Trees.leaf(header), 0, layouts), Trees.EMPTY);
        descriptorProof[depth + 1] = right;
        program = Root.wrap(Trees.node(left, right));
        bytes32[] memory above = new bytes32[](2);
        (above[0], above[1]) = (Trees.EMPTY, left);
        trace.headerProof = Trees.join(layouts, above);
    }

    function scriptTrace() private {
        uint256 count = uint256(1) << highLevels();
        lowNodes = Trees.around(nodeRoot(), low(place()), 300, uint256(1) << lowLevels());
        bytes32[] memory children = Trees.around(Trees.fold(lowNodes), high(place()), 400, count);
        trace.root = Trees.fold(children);
        trace.nodes = nodes();
        trace.outputStart = outputStart();
        trace.constants = 3;
        trace.inputs = 2;
        trace.outputProof = new bytes32[](2);
        trace.outputProof[0] = Trees.fold(children, (3 * count) / 4, count / 4);
        trace.outputProof[1] = Trees.fold(children, 0, count / 2);
        trace.children = children;
        finish = Trees.fold(children, count / 2, count / 4);
    }

    // ------------------------------------------------------------------------------------------------------ openings

    function opening(
        IGame.Subject subject,
        uint8 segment,
        bytes32[] memory marks
    ) internal view returns (IGame.Opening memory) {
        return IGame.Opening(work, subject, segment, marks, SALT);
    }

    function announceBy(uint256 member, IGame.Opening memory open) internal {
        bytes32 secret = keccak256(abi.encode(ownerOf(member), claims.wordOf(open.id), open));
        vm.prank(nodeOf(member));
        play.announce(secret);
    }

    function openBy(uint256 member, IGame.Opening memory open) internal returns (IGame.Position memory) {
        announceBy(member, open);
        vm.roll(vm.getBlockNumber() + 1);
        return reveal(member, open);
    }

    function reveal(uint256 member, IGame.Opening memory open) internal returns (IGame.Position memory) {
        IRuns.Commitment memory c = commitment();
        RunPrograms memory p = programs();
        pay(member);
        play.openOnWork{value: FEE}(open, c, p);
        return moved();
    }

    /// @dev The next call is the member's node's, which can pay for it.
    function pay(uint256 member) internal {
        vm.recordLogs();
        vm.deal(nodeOf(member), nodeOf(member).balance + FEE);
        vm.prank(nodeOf(member));
    }

    function by(uint256 member) internal {
        vm.recordLogs();
        vm.prank(nodeOf(member));
    }

    /// @dev Where the last move has left its game; empty when it ended it.
    function moved() internal returns (IGame.Position memory position) {
        (, , position) = lastMove();
    }

    function lastMove() internal returns (address mover, uint8 moves, IGame.Position memory position) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        delete ending;
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] == IGame.GameEnded.selector) ending = logs[i].data;
            if (logs[i].topics[0] != IGame.Moved.selector) continue;
            (mover, moves, position) = abi.decode(logs[i].data, (address, uint8, IGame.Position));
        }
    }

    // ------------------------------------------------------------------------------------------- to stages, from a claim

    /// @dev A game on segment 1, at the claimant's choice of a part.
    function toMarks() internal returns (IGame.Position memory) {
        return openBy(CHALLENGER, opening(IGame.Subject.SEGMENT, 1, marksOfSegment()));
    }

    function marksOfSegment() internal view returns (bytes32[] memory) {
        (uint32 parts, ) = play.marksOf(stepsOfSegment());
        return Trees.noises(800, parts - 1);
    }

    /// @dev On the payload: no marks.
    function toInvoke() internal returns (IGame.Position memory) {
        return openBy(CHALLENGER, opening(IGame.Subject.PAYLOAD, 0, new bytes32[](0)));
    }

    function toChooseNodes() internal returns (IGame.Position memory) {
        return traceBy(CLAIMANT, CHALLENGER, toInvoke());
    }

    function traceBy(
        uint256 member,
        uint256 challenger,
        IGame.Position memory position
    ) internal returns (IGame.Position memory) {
        by(member);
        play.answerTrace(work, ownerOf(challenger), position, trace);
        return moved();
    }

    function toNodes() internal returns (IGame.Position memory) {
        IGame.Position memory position = toChooseNodes();
        return pickBy(CHALLENGER, position, high(NODE), trace.children);
    }

    function toLowNodes() internal returns (IGame.Position memory) {
        return splitBy(CLAIMANT, toNodes(), lowNodes);
    }

    function toTensor() internal returns (IGame.Position memory) {
        return pickNodeBy(CHALLENGER, toLowNodes());
    }

    function pickNodeBy(uint256 member, IGame.Position memory position) internal returns (IGame.Position memory) {
        bytes32[] memory siblings = Trees.siblings(lowNodes, low(NODE));
        bytes32 root = lowNodes[low(NODE)];
        pay(member);
        play.pickNode{value: FEE}(
            work,
            ownerOf(CHALLENGER),
            position,
            low(NODE),
            root,
            siblings,
            descriptor,
            descriptorProof
        );
        return moved();
    }

    function toChooseChunks() internal returns (IGame.Position memory) {
        IGame.Position memory position = toTensor();
        by(CLAIMANT);
        play.openTensor(work, ownerOf(CHALLENGER), position, descriptor, tree, highChunks);
        return moved();
    }

    function toChunks() internal returns (IGame.Position memory) {
        return pickBy(CHALLENGER, toChooseChunks(), high(leafIndex()), highChunks);
    }

    function toLowChunks() internal returns (IGame.Position memory) {
        return splitBy(CLAIMANT, toChunks(), lowChunks);
    }

    function toLeaf() internal returns (IGame.Position memory) {
        return pickBy(CHALLENGER, toLowChunks(), low(leafIndex()), lowChunks);
    }

    function toProve() internal returns (IGame.Position memory) {
        IGame.Position memory position = toLeaf();
        by(CLAIMANT);
        play.openLeaf(work, ownerOf(CHALLENGER), position, descriptor, leafData);
        return moved();
    }

    function pickBy(
        uint256 member,
        IGame.Position memory position,
        uint256 child,
        bytes32[] memory children
    ) internal returns (IGame.Position memory) {
        bytes32[] memory siblings = Trees.siblings(children, child);
        pay(member);
        play.pick{value: FEE}(work, ownerOf(CHALLENGER), position, child, children[child], siblings);
        return moved();
    }

    function splitBy(
        uint256 member,
        IGame.Position memory position,
        bytes32[] memory children
    ) internal returns (IGame.Position memory) {
        by(member);
        play.split(work, ownerOf(CHALLENGER), position, children);
        return moved();
    }

    function proveBy(uint256 member, IGame.Position memory position, uint256 element) internal {
        IReferee.Evidence memory evidence;
        RunPrograms memory p = programs();
        by(member);
        play.prove(
            work,
            ownerOf(CHALLENGER),
            position,
            descriptor,
            leafData,
            element,
            evidence,
            new IGame.Source[](0),
            p
        );
    }

    // -------------------------------------------------------------------------------------------------------- verdicts

    function expectEnd(bool isVoided, bytes32 reason) internal {
        if (ending.length == 0) moved();
        require(ending.length != 0, "no end");
        require(keccak256(ending) == keccak256(abi.encode(isVoided, reason)), "another end");
        require(play.gameOf(work, ownerOf(CHALLENGER)).position == bytes32(0), "the game goes on");
        IClaims.ChallengeStatus status = claims.challengeStatusOf(work, ownerOf(CHALLENGER));
        require(status == (isVoided ? IClaims.ChallengeStatus.CLOSED : IClaims.ChallengeStatus.LOST));
        require(claims.isVoided(work) == isVoided);
    }
}
