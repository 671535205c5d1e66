// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DrandRandomness} from "../../contracts/run/DrandRandomness.sol";
import {HeaderRandomness} from "../../contracts/run/HeaderRandomness.sol";
import {IRandomness} from "../../contracts/run/IRandomness.sol";
import {IRuns} from "../../contracts/run/IRuns.sol";
import {Root} from "../../contracts/types/Root.sol";
import {GasFixture} from "./Gas.t.sol";
import {ChainPast} from "./HeaderRandomness.t.sol";
import {RecordedHeaders} from "./lib/RecordedHeaders.sol";
import {RecordedRounds} from "./lib/RecordedRounds.sol";
import {vm} from "./lib/Vm.sol";

/// @dev Round 0 has lost its randomness; in round 1 two miners have committed, and `setUp` has asked for a randomness that
/// was recorded elsewhere.
abstract contract RandomRounds is GasFixture {
    Root private constant NEXT = Root.wrap("next");

    function setUp() public {
        deploy();
        createRun();
        enlistAll(2, 1);
        reach(false);
        runs.tick(RUN);
        requireDue(IRuns.Step.NONE);
        lose();
        tickAll();
        require(runs.roundOf(RUN, 0).beaconLost && runs.runOf(RUN).round == 1);
        commitAll(2);
        reach(true);
        runs.tick(RUN);
        requireDue(IRuns.Step.NONE);
        publish();
    }

    /// @dev To where a request is answered by what was recorded, or to long before that.
    function reach(bool isRecorded) internal virtual;

    /// @dev To where what was asked for is lost.
    function lose() internal virtual;

    /// @dev To where the answer is there for all to see.
    function publish() internal virtual;

    function proof() internal view virtual returns (bytes memory call, bytes32 value);

    function budget() internal pure virtual returns (uint256);

    function requireDue(IRuns.Step step) private view {
        IRuns.RunView memory run = runs.runOf(RUN);
        require(run.status == IRuns.RoundStatus.SEALED && run.due == step);
    }

    function test_round_drawsWhatWasProved_andSettles() public {
        requireDue(IRuns.Step.NONE);
        (bytes memory call, bytes32 value) = proof();
        (bool isOk, ) = runs.randomness().call(call);
        require(isOk);
        requireDue(IRuns.Step.DRAW);
        audit();
        IRuns.RoundView memory facts = runs.roundOf(RUN, 1);
        require(facts.beacon == value && !facts.beaconLost);
        aggregateBy(0, 3, NEXT);
        pass(CHALLENGE_WINDOW);
        tickAll();
        require(runs.runOf(RUN).round == 2 && runs.runOf(RUN).root == NEXT);
    }

    function test_round_whoseRandomnessIsLost_auditsEveryone() public {
        lose();
        requireDue(IRuns.Step.DRAW);
        tickAll();
        for (uint32 seat = 1; seat <= 2; ++seat) {
            (bool isDrawn, ) = runs.drawn(RUN, 1, seat);
            require(isDrawn);
        }
        require(runs.roundOf(RUN, 1).beaconLost);
    }

    function test_prove_costsAtMostItsBudget() public {
        (bytes memory call, ) = proof();
        address target = runs.randomness();
        string memory name = string.concat("prove, ", IRandomness(target).source());
        requireWithin(measure(address(1), target, call), budget());
        vm.snapshotGasLastCall(name);
    }
}

contract HeaderRounds is RandomRounds, ChainPast {
    function randomness() internal override returns (address) {
        keepHistory();
        return create("run/HeaderRandomness.sol:HeaderRandomness", "");
    }

    function reach(bool isRecorded) internal override {
        pass(50);
        vm.roll(RecordedHeaders.all()[0].number - (isRecorded ? 64 : 20_000));
    }

    function lose() internal override {
        vm.roll(vm.getBlockNumber() + 64 + 8_192);
    }

    function publish() internal override {
        RecordedHeaders.Recorded memory header = RecordedHeaders.all()[0];
        vm.roll(header.number + OLD);
        remember(header.number, header.hash);
    }

    function proof() internal pure override returns (bytes memory call, bytes32 value) {
        RecordedHeaders.Recorded memory header = RecordedHeaders.all()[0];
        call = abi.encodeCall(HeaderRandomness.prove, (header.number, header.rlp));
        value = keccak256(abi.encode(header.mixHash, header.number));
    }

    function budget() internal pure override returns (uint256) {
        return 100_000;
    }
}

contract DrandRounds is RandomRounds {
    uint32 private constant DELAY = 60;
    uint32 private constant PATIENCE = 1 days;

    function randomness() internal override returns (address) {
        bytes memory arguments = abi.encode(RecordedRounds.network(), RecordedRounds.CHAIN_HASH, DELAY, PATIENCE);
        return create("run/DrandRandomness.sol:DrandRandomness", arguments);
    }

    function reach(bool isRecorded) internal override {
        uint256 due = DrandRandomness(runs.randomness()).dueAt(RecordedRounds.all()[4].round);
        vm.warp(due - DELAY - (isRecorded ? 0 : 10 days));
        vm.roll(vm.getBlockNumber() + 1);
    }

    function lose() internal override {
        vm.warp(vm.getBlockTimestamp() + DELAY + PATIENCE);
    }

    function publish() internal override {
        vm.warp(vm.getBlockTimestamp() + DELAY);
    }

    function proof() internal pure override returns (bytes memory call, bytes32 value) {
        RecordedRounds.Recorded memory round = RecordedRounds.all()[4];
        call = abi.encodeCall(DrandRandomness.prove, (round.round, round.signature));
        value = sha256(round.signature);
    }

    function budget() internal pure override returns (uint256) {
        return 300_000;
    }
}
