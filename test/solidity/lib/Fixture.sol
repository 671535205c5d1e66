// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClaims} from "../../../contracts/claim/IClaims.sol";
import {IGameFactory} from "../../../contracts/claim/IGameFactory.sol";
import {IVerdicts} from "../../../contracts/claim/IVerdicts.sol";
import {DevelopmentToken} from "../../../contracts/dev/DevelopmentToken.sol";
import {IProtocol} from "../../../contracts/IProtocol.sol";
import {IOwnership} from "../../../contracts/own/IOwnership.sol";
import {IOwnershipFactory} from "../../../contracts/own/IOwnershipFactory.sol";
import {ShareToken} from "../../../contracts/own/ShareToken.sol";
import {IAvailability} from "../../../contracts/run/IAvailability.sol";
import {IAuditingFactory} from "../../../contracts/run/IAuditingFactory.sol";
import {IRuns} from "../../../contracts/run/IRuns.sol";
import {RunMetadata, RunParameters} from "../../../contracts/run/RunParameters.sol";
import {IReceipts} from "../../../contracts/serve/IReceipts.sol";
import {IStakeManager} from "../../../contracts/stake/IStakeManager.sol";
import {ClaimId, ClaimKind, claimId} from "../../../contracts/types/ClaimId.sol";
import {MemberSet} from "../../../contracts/types/MemberSet.sol";
import {Root} from "../../../contracts/types/Root.sol";
import {Duration, Instant} from "../../../contracts/types/Time.sol";
import {ScriptedGame, ScriptedGameFactory} from "./ScriptedGame.sol";
import {vm} from "./Vm.sol";

/// @dev A deployed protocol, one run, and verbs to move it. Member i has an owner and a node key; seats count from 1.
abstract contract Fixture {
    /// @dev In the order of the protocol's constructor.
    struct Factories {
        IOwnershipFactory ownership;
        IAuditingFactory availability;
        IAuditingFactory verdicts;
        IAuditingFactory receipts;
        IGameFactory game;
    }

    uint128 internal constant STAKE = 1_000 ether;
    uint128 internal constant MINER_BOND = 5 ether;
    uint128 internal constant SERVICE_DEPOSIT = 6 ether;
    uint128 internal constant DUTY_DEPOSIT = 7 ether;
    uint128 internal constant AGGREGATE_BOND = 11 ether;
    uint128 internal constant CHALLENGE_BOND = 3 ether;
    uint32 internal constant COMMIT_WINDOW = 100;
    uint32 internal constant AUDIT_WINDOW = 200;
    uint32 internal constant AGGREGATE_WINDOW = 300;
    uint32 internal constant CHALLENGE_WINDOW = 400;
    uint32 internal constant AGGREGATE_CHALLENGE_WINDOW = 350;
    uint32 internal constant LONGEST_WINDOW = 500;
    uint32 internal constant UNBONDING_DELAY = 600;
    uint32 internal constant CLOCK = 1_000;
    uint8 internal constant EPOCH = 2;
    Root internal constant GENESIS = Root.wrap("genesis");
    uint64 internal constant RUN = 1;

    DevelopmentToken internal token;
    ScriptedGame internal game;
    IStakeManager internal stake;
    IClaims internal claims;
    IVerdicts internal verdicts;
    IRuns internal runs;
    IOwnership internal ownership;
    IAvailability internal availability;
    IReceipts internal receipts;
    Factories internal factories;

    receive() external payable {}

    /// @dev With a game that decides as it is told.
    function deploy() internal {
        game = ScriptedGame(deployWith(address(new ScriptedGameFactory())));
    }

    /// @dev With a game of this factory.
    function deployWith(address gameFactory) internal returns (address) {
        vm.warp(1_000_000);
        vm.roll(1_000);
        token = DevelopmentToken(payable(create("dev/DevelopmentToken.sol:DevelopmentToken", "")));
        factories.ownership = IOwnershipFactory(
            create("own/OwnershipFactory.sol:OwnershipFactory", abi.encode(shareTokenFactory()))
        );
        factories.availability = IAuditingFactory(create("run/AvailabilityFactory.sol:AvailabilityFactory", ""));
        factories.verdicts = IAuditingFactory(create("claim/VerdictsFactory.sol:VerdictsFactory", ""));
        factories.receipts = IAuditingFactory(create("serve/ReceiptsFactory.sol:ReceiptsFactory", ""));
        factories.game = IGameFactory(gameFactory);
        bytes memory arguments = abi.encode(
            token,
            randomness(),
            create("run/RunLimits.sol:RunLimits", ""),
            factories,
            CLOCK,
            UNBONDING_DELAY,
            LONGEST_WINDOW
        );
        IProtocol protocol = IProtocol(create("Protocol.sol:Protocol", arguments));
        stake = IStakeManager(protocol.stake());
        claims = IClaims(protocol.claims());
        runs = IRuns(protocol.runs());
        ownership = IOwnership(protocol.ownership());
        verdicts = IVerdicts(protocol.verdicts());
        availability = IAvailability(protocol.availability());
        receipts = IReceipts(protocol.receipts());
        createParts(protocol.game());
        return protocol.game();
    }

    /// @dev In transactions of their own.
    function createParts(address expectedGame) internal {
        (address s, address c, address r) = (address(stake), address(claims), address(runs));
        require(factories.availability.create(s, c, r) == address(availability), "another availability");
        require(factories.verdicts.create(s, c, r) == address(verdicts), "other verdicts");
        require(factories.receipts.create(s, c, r) == address(receipts), "other receipts");
        address made = factories.game.create(s, c, r, address(verdicts), Duration.wrap(CLOCK));
        require(made == expectedGame, "another game");
        require(factories.ownership.create(r, address(verdicts)) == address(ownership), "another ownership");
    }

    /// @dev The one that the protocol is deployed with.
    function randomness() internal virtual returns (address) {
        return create("run/DevelopmentRandomness.sol:DevelopmentRandomness", "");
    }

    /// @dev A million credits for each run.
    function shareTokenFactory() private returns (address) {
        address creditsFactory = create("credit/CreditsFactory.sol:CreditsFactory", abi.encode(uint64(1e12)));
        return create("own/ShareTokenFactory.sol:ShareTokenFactory", abi.encode(creditsFactory));
    }

    /// @dev From the artifact: a test that contained the protocol's code would be compiled with all of it.
    function create(string memory artifact, bytes memory arguments) internal returns (address deployed) {
        bytes memory code = bytes.concat(vm.getCode(string.concat("contracts/", artifact)), arguments);
        assembly ("memory-safe") {
            deployed := create(0, add(code, 32), mload(code))
        }
        require(deployed != address(0), "not deployed");
    }

    function parameters() internal view virtual returns (RunParameters memory p) {
        p.recipeRoot = Root.wrap("recipe");
        p.genesisRoot = GENESIS;
        p.datasetRoot = Root.wrap("dataset");
        p.programsRoot = Root.wrap("programs");
        p.opensAt = Instant.wrap(uint48(vm.getBlockTimestamp() + 50));
        p.plannedTokens = 16_000_000;
        p.tokensPerSegment = 1_000;
        p.shareSupply = 1_000_000 ether;
        p.ownersShare = 570_000;
        p.lambda = 1e18;
        p.commitWindow = Duration.wrap(COMMIT_WINDOW);
        p.auditWindow = Duration.wrap(AUDIT_WINDOW);
        p.aggregateWindow = Duration.wrap(AGGREGATE_WINDOW);
        p.challengeWindow = Duration.wrap(CHALLENGE_WINDOW);
        p.aggregateChallengeWindow = Duration.wrap(AGGREGATE_CHALLENGE_WINDOW);
        p.segments = 16;
        p.minSegments = 16;
        p.epochRounds = EPOCH;
        p.probationRounds = 1;
        p.auditRate = 10_000;
        p.maxMembers = 255;
        p.minMiners = 1;
        p.committeeSeats = 24;
        p.committeeNeeded = 16;
        p.minerBond = MINER_BOND;
        p.serviceDeposit = SERVICE_DEPOSIT;
        p.dutyDeposit = DUTY_DEPOSIT;
        p.aggregateBond = AGGREGATE_BOND;
        p.challengeBond = CHALLENGE_BOND;
        p.joinFloor = 1 ether;
        p.joinMultiplier = 1.01e18;
        p.joinHalfLife = Duration.wrap(1 hours);
    }

    function metadata() internal pure returns (RunMetadata memory) {
        return RunMetadata("Run One", "ONE", "ipfs://run-one");
    }

    function createRun() internal {
        runs.createRun(parameters(), metadata());
    }

    function ownerOf(uint256 member) internal pure returns (address) {
        return address(uint160(0x1000_0000 + member));
    }

    function nodeOf(uint256 member) internal pure returns (address) {
        return address(uint160(0x2000_0000 + member));
    }

    /// @dev Gives an account stake in the vault.
    function fund(address owner, uint128 amount) internal {
        vm.deal(address(this), amount);
        token.deposit{value: amount}();
        token.transfer(owner, amount);
        vm.prank(owner);
        token.approve(address(stake), amount);
        vm.prank(owner);
        stake.deposit(amount);
    }

    function enlist(uint256 member, IRuns.Role role) internal returns (uint32 seat) {
        address owner = ownerOf(member);
        fund(owner, STAKE);
        vm.prank(owner);
        stake.setNode(nodeOf(member));
        vm.prank(owner);
        return runs.join(RUN, role, type(uint128).max);
    }

    /// @dev Members 0 to miners - 1 are miners, the following are validators; member i has index i and seat i + 1.
    function enlistAll(uint256 miners, uint256 validators) internal {
        for (uint256 i = 0; i < miners; ++i) enlist(i, IRuns.Role.MINER);
        for (uint256 i = miners; i < miners + validators; ++i) enlist(i, IRuns.Role.VALIDATOR);
    }

    function pass(uint256 elapsed) internal {
        vm.warp(vm.getBlockTimestamp() + elapsed);
        vm.roll(vm.getBlockNumber() + 1);
    }

    /// @dev Ticks while something is due, a block apart. At most one round's steps.
    function tickAll() internal {
        for (uint256 i = 0; i < 3; ++i) {
            if (runs.runOf(RUN).due == IRuns.Step.NONE) return;
            runs.tick(RUN);
            vm.roll(vm.getBlockNumber() + 1);
        }
    }

    /// @dev From enlistment to round 1.
    function openFirstRound() internal {
        pass(50);
        tickAll();
    }

    function commitment() internal view virtual returns (IRuns.Commitment memory c) {
        IRuns.RunView memory run = runs.runOf(RUN);
        c.parent = run.root;
        c.startRoot = Root.wrap(keccak256("start"));
        c.segmentRoots = new bytes32[](16);
        for (uint256 i = 0; i < 16; ++i) c.segmentRoots[i] = keccak256(abi.encode("segment", i));
        c.payloadRoot = Root.wrap(sha256(payloadLeaf()));
        c.payloadBytes = 4_000_000;
    }

    /// @dev A payload of one leaf, as the message that its root is the hash of.
    function payloadLeaf() internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(0), uint32(7), "payload");
    }

    /// @dev On chain, by anyone, as long as the run has not moved since the member has committed.
    function publishBy(uint256 member) internal {
        IRuns.Commitment memory c = commitment();
        bytes32[] memory pending = new bytes32[](1);
        pending[0] = Root.unwrap(c.payloadRoot);
        availability.publish(workOf(runs.runOf(RUN).round, member), c, pending, payloadLeaf());
    }

    function commitBy(uint256 member) internal {
        commitBy(member, 16);
    }

    /// @dev After so many segments, of 16.
    function shortCommitment(uint256 segments) internal view returns (IRuns.Commitment memory c) {
        c = commitment();
        bytes32[] memory roots = c.segmentRoots;
        assembly ("memory-safe") {
            mstore(roots, segments)
        }
    }

    function commitBy(uint256 member, uint256 segments) internal {
        uint32 round = runs.runOf(RUN).round;
        IRuns.Commitment memory c = shortCommitment(segments);
        vm.prank(nodeOf(member));
        runs.commit(RUN, round, c);
    }

    function commitAll(uint256 miners) internal {
        for (uint256 i = 0; i < miners; ++i) commitBy(i);
    }

    /// @dev From sealed to audited, letting the audit window pass: every committed payload is available.
    function audit() internal {
        auditWith(MemberSet.unwrap(runs.roundOf(RUN, runs.runOf(RUN).round).committed));
    }

    /// @dev As `audit`, with the payloads of these members alone.
    function auditWith(uint256 received) internal {
        tickAll();
        attestAll(received);
        pass(AUDIT_WINDOW);
    }

    function attestBy(uint256 member, uint32 round, uint256 received) internal {
        vm.prank(nodeOf(member));
        availability.attest(RUN, round, MemberSet.wrap(received));
    }

    /// @dev Every member of the committee that has not spoken yet; member i must have index i.
    function attestAll(uint256 received) internal {
        uint32 round = runs.runOf(RUN).round;
        IAvailability.View memory view_ = availability.viewOf(RUN, round);
        uint256 left = MemberSet.unwrap(view_.committee.minus(view_.said));
        for (uint256 member = 0; left >> member != 0; ++member) {
            if ((left >> member) & 1 == 1) attestBy(member, round, received);
        }
    }

    function aggregateBy(uint256 member, uint256 accepted, Root nextRoot) internal returns (ClaimId) {
        uint32 round = runs.runOf(RUN).round;
        vm.prank(nodeOf(member));
        runs.claimAggregate(RUN, round, MemberSet.wrap(accepted), nextRoot);
        return aggregateOf(round, runs.roundOf(RUN, round).aggregates.length);
    }

    /// @param attempt counts from 1
    function aggregateOf(uint32 round, uint256 attempt) internal pure returns (ClaimId) {
        return claimId(ClaimKind.AGGREGATE, RUN, round, uint32(attempt));
    }

    /// @dev Nothing when the round settled unchanged.
    function acceptedIn(uint32 round) internal view returns (MemberSet accepted) {
        IRuns.AggregateView[] memory aggregates = runs.roundOf(RUN, round).aggregates;
        for (uint256 i = 0; i < aggregates.length; ++i) if (aggregates[i].stands) return aggregates[i].accepted;
    }

    /// @dev From open to the next round, everyone committing and accepted.
    function playRound(uint256 miners) internal {
        uint32 round = runs.runOf(RUN).round;
        commitAll(miners);
        audit();
        aggregateBy(0, (uint256(1) << miners) - 1, Root.wrap(keccak256(abi.encode("state", round))));
        pass(CHALLENGE_WINDOW);
        tickAll();
    }

    function workOf(uint32 round, uint256 member) internal pure returns (ClaimId) {
        return claimId(ClaimKind.WORK, RUN, round, uint32(member + 1));
    }

    function challengeBy(uint256 member, ClaimId id) internal {
        bytes32 word = claims.wordOf(id);
        game.challenge(id, word, ownerOf(member));
    }

    function claimSharesOf(uint256 member, uint32 round) internal returns (uint96) {
        uint32[] memory rounds = new uint32[](1);
        rounds[0] = round;
        return ownership.claimShares(RUN, uint32(member + 1), rounds);
    }

    /// @dev Of a round's budget, the part that is paid for segments.
    function withoutVerdictPart(uint96 budget) internal pure returns (uint96) {
        return budget - budget / 10;
    }

    function claimVerdictSharesOf(ClaimId id) internal returns (uint96) {
        ClaimId[] memory ids = new ClaimId[](1);
        ids[0] = id;
        return ownership.claimVerdictShares(ids);
    }

    /// @dev Of a member that has done all segments.
    function payPerRound(uint32 round) internal view returns (uint96) {
        return ownership.payPerSegment(RUN, round) * 16;
    }

    function shares() internal view returns (ShareToken) {
        return ShareToken(ownership.shareTokenOf(RUN));
    }

    function time() internal view returns (Instant) {
        return Instant.wrap(uint48(vm.getBlockTimestamp()));
    }
}
