// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClaims} from "../../../contracts/claim/IClaims.sol";
import {IGame} from "../../../contracts/claim/IGame.sol";
import {IReferee} from "../../../contracts/claim/referee/IReferee.sol";
import {IRules} from "../../../contracts/claim/rules/IRules.sol";
import {IVerdicts} from "../../../contracts/claim/IVerdicts.sol";
import {RunPrograms} from "../../../contracts/claim/RunPrograms.sol";
import {IRuns} from "../../../contracts/run/IRuns.sol";
import {ClaimId} from "../../../contracts/types/ClaimId.sol";
import {MemberSet} from "../../../contracts/types/MemberSet.sol";
import {Root} from "../../../contracts/types/Root.sol";
import {GameFixture} from "../lib/GameFixture.sol";
import {Trees} from "../lib/Trees.sol";
import {vm} from "../lib/Vm.sol";

/// @dev An aggregate of both miners, claimed by miner 1.
abstract contract GameAggregate is GameFixture {
    IGame.AggregateClaim internal claim;

    function setUp() public override {
        super.setUp();
        audit();
        claim = IGame.AggregateClaim(ownerOf(CLAIMANT), GENESIS, MemberSet.wrap(3), Root.wrap(finish));
        work = aggregateBy(CLAIMANT, 3, Root.wrap(finish));
    }

    function openAggregate(
        IGame.Subject subject,
        IGame.AggregateClaim memory claim_,
        bytes32[] memory proof
    ) public returns (IGame.Position memory) {
        IGame.Opening memory open = opening(subject, 0, new bytes32[](0));
        announceBy(CHALLENGER, open);
        vm.roll(vm.getBlockNumber() + 1);
        RunPrograms memory p = programs();
        pay(CHALLENGER);
        play.openOnAggregate{value: FEE}(open, claim_, p, program, proof);
        return moved();
    }

    function openRight() internal returns (IGame.Position memory) {
        return openAggregate(IGame.Subject.AGGREGATE, claim, Trees.noises(70, 8));
    }

    /// @dev To its last move.
    function walk() internal returns (IGame.Position memory position) {
        position = traceBy(CLAIMANT, CHALLENGER, openRight());
        position = splitBy(CLAIMANT, pickBy(CHALLENGER, position, high(NODE), trace.children), lowNodes);
        position = pickNodeBy(CHALLENGER, position);
        by(CLAIMANT);
        play.openTensor(work, ownerOf(CHALLENGER), position, descriptor, tree, highChunks);
        position = splitBy(CLAIMANT, pickBy(CHALLENGER, moved(), high(leafIndex()), highChunks), lowChunks);
        position = pickBy(CHALLENGER, position, low(leafIndex()), lowChunks);
        by(CLAIMANT);
        play.openLeaf(work, ownerOf(CHALLENGER), position, descriptor, leafData);
        return moved();
    }

    function proveWith(IGame.Position memory position, IGame.Source[] memory sources) public {
        IReferee.Evidence memory evidence;
        RunPrograms memory p = programs();
        by(CHALLENGER);
        play.prove(work, ownerOf(CHALLENGER), position, descriptor, leafData, 7, evidence, sources, p);
    }

    /// @dev The payloads of these seats.
    function from(uint32[] memory seats) internal view returns (IGame.Source[] memory sources) {
        sources = new IGame.Source[](seats.length);
        for (uint256 i = 0; i < seats.length; ++i) sources[i] = IGame.Source(seats[i], commitment());
    }

    function from(uint32 seat) internal view returns (IGame.Source[] memory) {
        uint32[] memory seats = new uint32[](1);
        seats[0] = seat;
        return from(seats);
    }

    function expectInputs(bytes32 second) internal {
        IReferee.Context memory context;
        context.program = program;
        context.trace = trace.root;
        context.inputs = new bytes32[](2);
        context.inputs[0] = Root.unwrap(GENESIS);
        context.inputs[1] = second;
        referee.expect(descriptor, leafIndex() * 256 + 7, context);
    }
}

contract GameAggregateTest is GameAggregate {
    function test_opening_takesParentAcceptedSetAndNextState() public {
        IGame.Position memory position = openRight();
        require(position.subject == IGame.Subject.AGGREGATE && position.stage == IGame.Stage.INVOKE);
        require(position.start == Root.unwrap(GENESIS) && position.second == bytes32(uint256(3)));
        require(position.finish == finish && position.program == program);
    }

    function test_opening_ofAnotherClaim_reverts() public {
        IGame.AggregateClaim memory other = claim;
        other.accepted = MemberSet.wrap(1);
        bytes32 given = keccak256(abi.encode(other));
        vm.expectRevert(abi.encodeWithSelector(IRules.NotTheClaim.selector, work, given, claims.wordOf(work)));
        this.openAggregate(IGame.Subject.AGGREGATE, other, Trees.noises(70, 8));
    }

    function test_opening_withTheProgramOfAnotherCount_reverts() public {
        bytes32[] memory proof = Trees.noises(70, 8);
        proof[0] = "other";
        vm.expectPartialRevert(IRules.NotUnderRoot.selector);
        this.openAggregate(IGame.Subject.AGGREGATE, claim, proof);
        vm.expectRevert(abi.encodeWithSelector(IRules.WrongProofLength.selector, 7, 8));
        this.openAggregate(IGame.Subject.AGGREGATE, claim, Trees.noises(70, 7));
    }

    function test_opening_withOtherPrograms_reverts() public {
        IGame.Opening memory open = opening(IGame.Subject.AGGREGATE, 0, new bytes32[](0));
        announceBy(CHALLENGER, open);
        vm.roll(vm.getBlockNumber() + 1);
        RunPrograms memory p = programs();
        p.zeroRest = "other";
        bytes32[] memory proof = Trees.noises(70, 8);
        expectNotThePrograms(p);
        vm.prank(nodeOf(CHALLENGER));
        play.openOnAggregate(open, claim, p, program, proof);
    }

    function test_opening_ofAnotherSubject_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IRules.WrongSubject.selector, IGame.Subject.PAYLOAD));
        this.openAggregate(IGame.Subject.PAYLOAD, claim, Trees.noises(70, 8));
    }

    function test_opening_asAMinersRound_reverts() public {
        IGame.Opening memory open = opening(IGame.Subject.PAYLOAD, 0, new bytes32[](0));
        announceBy(CHALLENGER, open);
        vm.roll(vm.getBlockNumber() + 1);
        IRuns.Commitment memory c = commitment();
        RunPrograms memory p = programs();
        pay(CHALLENGER);
        vm.expectPartialRevert(IRules.NotTheClaim.selector);
        play.openOnWork{value: FEE}(open, c, p);
    }

    function test_wrongSum_voidsTheAggregate() public {
        IGame.Position memory position = walk();
        expectInputs(Root.unwrap(commitment().payloadRoot));
        proveWith(position, from(1));
        expectEnd(true, "element");
    }

    function test_sources_ofAnotherRank_orOtherNumber_revert() public {
        IGame.Position memory position = walk();
        IGame.Source[] memory second = from(2);
        vm.expectRevert(abi.encodeWithSelector(IRules.WrongSource.selector, 1, 2));
        this.proveWith(position, second);
        vm.expectRevert(abi.encodeWithSelector(IRules.WrongSources.selector, 0, 1));
        this.proveWith(position, new IGame.Source[](0));
        uint32[] memory seats = new uint32[](2);
        (seats[0], seats[1]) = (1, 2);
        IGame.Source[] memory both = from(seats);
        vm.expectRevert(abi.encodeWithSelector(IRules.WrongSources.selector, 2, 1));
        this.proveWith(position, both);
        IGame.Source[] memory other = from(1);
        other[0].commitment.payloadRoot = Root.wrap("other");
        vm.expectPartialRevert(IRules.NotTheClaim.selector);
        this.proveWith(position, other);
        proveWith(position, from(1));
    }
}

/// @dev The second operand is the payload of the second member.
contract GameAggregateOfSecondTest is GameAggregate {
    function descriptorContent() internal view override returns (bytes memory content) {
        content = super.descriptorContent();
        content[69] = 0x02;
    }

    function test_wrongSum_ofTheSecondMember_voidsTheAggregate() public {
        IGame.Position memory position = walk();
        expectInputs(Root.unwrap(commitment().payloadRoot));
        proveWith(position, from(2));
        expectEnd(true, "element");
    }
}

/// @dev The second operand is the payload of the third member, and there are two.
contract GameAggregateOfThirdTest is GameAggregate {
    function descriptorContent() internal view override returns (bytes memory content) {
        content = super.descriptorContent();
        content[69] = 0x03;
    }

    function test_source_thatIsNotAccepted_reverts_thoughItsRankFits() public {
        IGame.Position memory position = walk();
        IGame.Source[] memory third = from(3);
        vm.expectRevert(abi.encodeWithSelector(IRules.WrongSource.selector, 1, 3));
        this.proveWith(position, third);
    }
}

/// @dev The verdict of validator 2 on miner 1's drawn segment; validator 3 challenges it.
contract GameVerdictTest is GameFixture {
    IVerdicts.Verdict internal verdict;
    uint8 internal segment;

    function traceClaimed() internal view virtual returns (bytes32) {
        return trace.root;
    }

    function before() internal view virtual returns (bytes32) {
        return "before";
    }

    function leavesClaimed() internal view virtual returns (bytes32) {
        return "leaves";
    }

    function setUp() public virtual override {
        super.setUp();
        tickAll();
        (, segment) = runs.drawn(RUN, 1, uint32(CLAIMANT + 1));
        verdict = IVerdicts.Verdict(ownerOf(2), work, segment, before(), traceClaimed(), leavesClaimed());
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(verdict, SALT))));
        vm.prank(nodeOf(2));
        verdicts.seal(RUN, 1, leaf);
        pass(AUDIT_WINDOW / 2);
        vm.prank(nodeOf(2));
        verdicts.reveal(verdict, SALT, new bytes32[](0));
        work = verdicts.verdictClaimId(work, 3);
    }

    function openVerdict(
        IGame.Subject subject,
        bytes32[] memory marks,
        IVerdicts.Verdict memory verdict_
    ) public returns (IGame.Position memory) {
        IGame.Opening memory open = opening(subject, 0, marks);
        announceBy(3, open);
        vm.roll(vm.getBlockNumber() + 1);
        RunPrograms memory p = programs();
        IRuns.Commitment memory c = commitment();
        pay(3);
        play.openOnVerdict{value: FEE}(open, verdict_, c, p);
        return moved();
    }

    function none() internal pure returns (bytes32[] memory) {
        return new bytes32[](0);
    }
}

contract GameVerdictTraceTest is GameVerdictTest {
    function test_trace_standsAtTheLastStep() public {
        IGame.Position memory position = openVerdict(IGame.Subject.TRACE, none(), verdict);
        require(position.stage == IGame.Stage.INVOKE && position.start == "before");
        require(position.first == (uint32(segment) + 1) * 130 - 1 && position.end == position.first + 1);
        require(position.trace == trace.root && position.finish == bytes32(0));
    }

    function test_trace_thatIsClaimed_isShownByAnyone() public {
        IGame.Position memory position = openVerdict(IGame.Subject.TRACE, none(), verdict);
        by(1);
        play.answerTrace(work, ownerOf(3), position, trace);
        require(moved().stage == IGame.Stage.CHOOSE_NODES);
    }

    function test_trace_otherThanClaimed_reverts() public {
        IGame.Position memory position = openVerdict(IGame.Subject.TRACE, none(), verdict);
        IGame.Trace memory other = trace;
        other.children[31] = "other";
        other.root = Trees.fold(other.children);
        vm.expectRevert(abi.encodeWithSelector(IRules.TraceNotClaimed.selector, other.root, trace.root));
        vm.prank(nodeOf(2));
        play.answerTrace(work, ownerOf(3), position, other);
    }

    function test_opening_ofAnotherVerdict_orSubject_reverts() public {
        IVerdicts.Verdict memory other = verdict;
        other.trace = "other";
        vm.expectRevert(
            abi.encodeWithSelector(IRules.NotTheClaim.selector, work, keccak256(abi.encode(other)), claims.wordOf(work))
        );
        this.openVerdict(IGame.Subject.TRACE, none(), other);
        vm.expectRevert(abi.encodeWithSelector(IRules.WrongSubject.selector, IGame.Subject.SEGMENT));
        this.openVerdict(IGame.Subject.SEGMENT, none(), verdict);
    }

    function test_opening_withOtherPrograms_orAnotherCommitment_reverts() public {
        IGame.Opening memory open = opening(IGame.Subject.TRACE, 0, none());
        announceBy(3, open);
        vm.roll(vm.getBlockNumber() + 1);
        RunPrograms memory p = programs();
        IRuns.Commitment memory c = commitment();
        p.zeroRest = "other";
        expectNotThePrograms(p);
        vm.prank(nodeOf(3));
        play.openOnVerdict(open, verdict, c, p);
        p.zeroRest = programs().zeroRest;
        c.segmentRoots[15] = "other";
        ClaimId judged = verdict.work;
        bytes32 given = keccak256(abi.encode(ownerOf(CLAIMANT), c));
        vm.expectRevert(abi.encodeWithSelector(IRules.NotTheClaim.selector, judged, given, claims.wordOf(judged)));
        vm.prank(nodeOf(3));
        play.openOnVerdict(open, verdict, c, p);
    }

    function test_before_leavesTheLastStepOut() public {
        (uint32 parts, ) = play.marksOf(129);
        IGame.Position memory position = openVerdict(IGame.Subject.BEFORE, Trees.noises(1, parts - 1), verdict);
        require(position.stage == IGame.Stage.MARKS && position.finish == "before");
        require(position.end - position.first == 129 && position.first == uint32(segment) * 130);
        IRuns.Commitment memory c = commitment();
        require(position.start == (segment == 0 ? Root.unwrap(c.startRoot) : c.segmentRoots[segment - 1]));
    }

    function test_validatorOutOfTime_losesItsVerdict_andTheMinerNothing() public {
        IGame.Position memory position = openVerdict(IGame.Subject.TRACE, none(), verdict);
        uint128 locked = stake.accountOf(ownerOf(1)).locked;
        pass(CLOCK);
        play.timeOut(work, ownerOf(3), position);
        require(claims.isVoided(work) && !claims.isVoided(workOf(1, CLAIMANT)));
        require(stake.accountOf(ownerOf(1)).locked == locked);
        require(claims.challengeStatusOf(work, ownerOf(3)) == IClaims.ChallengeStatus.CLOSED);
    }

    /// @dev A node that loads a batch is given the seed of the round, the miner, and the step.
    function test_batch_isTheMiners() public {
        IGame.Position memory position = openVerdict(IGame.Subject.TRACE, none(), verdict);
        position = walk(position);
        IReferee.Evidence memory evidence;
        evidence.tokens.leaf.data = "tokens";
        IReferee.Context memory context;
        context.program = program;
        context.trace = trace.root;
        context.inputs = new bytes32[](2);
        context.inputs[0] = "before";
        context.dataset = Root.wrap("dataset");
        context.seed = runs.roundOf(RUN, 1).seed;
        context.participant = ownerOf(CLAIMANT);
        context.step = (uint32(segment) + 1) * 130 - 1;
        referee.expect(descriptor, leafIndex() * 256 + 7, context);
        RunPrograms memory p = programs();
        IGame.Source[] memory sources = new IGame.Source[](0);
        vm.prank(nodeOf(3));
        play.prove(work, ownerOf(3), position, descriptor, leafData, 7, evidence, sources, p);
        require(claims.isVoided(work));
    }

    function walk(IGame.Position memory position) private returns (IGame.Position memory) {
        by(2);
        play.answerTrace(work, ownerOf(3), position, trace);
        position = pick(moved(), high(NODE), trace.children);
        by(2);
        play.split(work, ownerOf(3), position, lowNodes);
        position = moved();
        bytes32[] memory siblings = Trees.siblings(lowNodes, low(NODE));
        pay(3);
        play.pickNode{value: FEE}(
            work,
            ownerOf(3),
            position,
            low(NODE),
            lowNodes[low(NODE)],
            siblings,
            descriptor,
            descriptorProof
        );
        position = moved();
        by(2);
        play.openTensor(work, ownerOf(3), position, descriptor, tree, highChunks);
        position = pick(moved(), high(leafIndex()), highChunks);
        by(2);
        play.split(work, ownerOf(3), position, lowChunks);
        position = pick(moved(), low(leafIndex()), lowChunks);
        by(2);
        play.openLeaf(work, ownerOf(3), position, descriptor, leafData);
        return moved();
    }

    function pick(
        IGame.Position memory position,
        uint256 child,
        bytes32[] memory children
    ) private returns (IGame.Position memory) {
        bytes32[] memory siblings = Trees.siblings(children, child);
        pay(3);
        play.pick{value: FEE}(work, ownerOf(3), position, child, children[child], siblings);
        return moved();
    }
}

/// @dev Segments of one step: nothing comes before the last one.
contract GameVerdictOfOneStepTest is GameVerdictTest {
    function stepsOfSegment() internal pure override returns (uint32) {
        return 1;
    }

    function test_wrongBefore_voidsTheVerdictWhenOpened() public {
        openVerdict(IGame.Subject.BEFORE, none(), verdict);
        require(claims.isVoided(work) && play.owedTo(ownerOf(3)) == FEE);
    }
}

contract GameRightBeforeTest is GameVerdictTest {
    function stepsOfSegment() internal pure override returns (uint32) {
        return 1;
    }

    /// @dev The segment that is drawn does not come first.
    function before() internal view override returns (bytes32) {
        return finish;
    }

    function test_rightBefore_isNotDisputed() public {
        require(segment != 0);
        vm.expectRevert(abi.encodeWithSelector(IRules.NothingDisputed.selector));
        this.openVerdict(IGame.Subject.BEFORE, none(), verdict);
    }
}
