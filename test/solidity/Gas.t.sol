// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRuns} from "../../contracts/run/IRuns.sol";
import {RunParameters} from "../../contracts/run/RunParameters.sol";
import {Root} from "../../contracts/types/Root.sol";
import {Fixture} from "./lib/Fixture.sol";
import {vm} from "./lib/Vm.sol";

/// @dev Each test measures one call as its own transaction: `setUp` has brought the chain there, so storage is cold.
abstract contract GasFixture is Fixture {
    function parameters() internal view virtual override returns (RunParameters memory p) {
        p = super.parameters();
        p.joinMultiplier = 1e18 + 1;
    }

    /// @dev What the transaction costs besides its execution.
    function intrinsic(bytes memory data) internal pure returns (uint256 gas) {
        gas = 21_000;
        for (uint256 i = 0; i < data.length; ++i) gas += data[i] == 0 ? 4 : 16;
    }

    function measure(address sender, address target, bytes memory data) internal returns (uint256) {
        // The called account of a transaction is warm.
        require(target.code.length != 0, "nobody there");
        vm.prank(sender);
        uint256 before = gasleft();
        (bool isOk, ) = target.call(data);
        uint256 used = before - gasleft();
        require(isOk, "call failed");
        return used + intrinsic(data);
    }

    function requireWithin(uint256 gas, uint256 budget) internal pure {
        require(gas <= budget, string.concat("gas over budget: ", decimal(gas)));
    }

    function decimal(uint256 value) internal pure returns (string memory text) {
        while (value != 0) {
            text = string.concat(string(abi.encodePacked(uint8(48 + (value % 10)))), text);
            value /= 10;
        }
    }
}

abstract contract CommitGas is GasFixture {
    uint256 internal immutable MINERS;

    constructor(uint256 miners) {
        MINERS = miners;
    }

    function setUp() public {
        deploy();
        createRun();
        enlistAll(MINERS, 3);
        openFirstRound();
    }

    function test_commit_costsAtMost95kWith16Segments() public {
        bytes memory data = abi.encodeCall(runs.commit, (RUN, 1, commitmentOfGenesis()));
        requireWithin(measure(nodeOf(1), address(runs), data), 95_000);
        vm.snapshotGasLastCall(string.concat("commit, members: ", decimal(MINERS)));
    }

    /// @dev As `commitment`, without a call that would warm the storage that is measured.
    function commitmentOfGenesis() private pure returns (IRuns.Commitment memory c) {
        c.parent = GENESIS;
        c.startRoot = Root.wrap(keccak256("start"));
        c.segmentRoots = new bytes32[](16);
        for (uint256 i = 0; i < 16; ++i) c.segmentRoots[i] = keccak256(abi.encode("segment", i));
        c.payloadRoot = Root.wrap(keccak256("payload"));
        c.payloadBytes = 4_000_000;
    }
}

contract CommitGasOf3 is CommitGas(3) {}

contract CommitGasOf200 is CommitGas(200) {}

abstract contract TickGas is GasFixture {
    uint256 internal immutable MINERS;

    constructor(uint256 miners) {
        MINERS = miners;
    }

    /// @dev Steps of round 1 that are already done: 0 seals, 1 draws, 2 settles an aggregate.
    function prepare(uint256 steps) internal {
        deploy();
        createRun();
        enlistAll(MINERS, 3);
        openFirstRound();
        commitAll(MINERS);
        if (steps == 1) runs.tick(RUN);
        if (steps == 2) {
            audit();
            aggregateBy(0, (uint256(1) << MINERS) - 1, Root.wrap("next"));
            // A validator that joins or leaves makes the opening of the next round dearer.
            enlist(MINERS + 3, IRuns.Role.VALIDATOR);
            enlist(MINERS + 4, IRuns.Role.MINER);
            pass(CHALLENGE_WINDOW);
        }
        pass(1);
    }

    function requireTickWithin(string memory name) internal {
        requireWithin(measure(address(1), address(runs), abi.encodeCall(runs.tick, (RUN))), 150_000);
        vm.snapshotGasLastCall(string.concat("tick ", name, ", members: ", decimal(MINERS)));
    }
}

abstract contract SealGas is TickGas {
    function setUp() public {
        prepare(0);
    }

    function test_tick_costsAtMost150kWhenItSeals() public {
        requireTickWithin("seals");
    }
}

abstract contract DrawGas is TickGas {
    function setUp() public {
        prepare(1);
    }

    function test_tick_costsAtMost150kWhenItDraws() public {
        requireTickWithin("draws");
    }
}

abstract contract SettleGas is TickGas {
    function setUp() public {
        prepare(2);
    }

    function test_tick_costsAtMost150kWhenItSettles() public {
        requireTickWithin("settles");
    }
}

contract SealGasOf3 is TickGas(3), SealGas {}

contract SealGasOf200 is TickGas(200), SealGas {}

contract DrawGasOf3 is TickGas(3), DrawGas {}

contract DrawGasOf200 is TickGas(200), DrawGas {}

contract SettleGasOf3 is TickGas(3), SettleGas {}

contract SettleGasOf200 is TickGas(200), SettleGas {}

/// @dev The first round with members: every set goes from empty to full.
contract FirstOpeningGas is GasFixture {
    function setUp() public {
        deploy();
        createRun();
        enlistAll(3, 3);
        pass(50);
        runs.tick(RUN);
        pass(1);
        runs.tick(RUN);
        pass(1);
    }

    function test_tick_costsAtMost150kWhenItOpensTheFirstRound() public {
        requireWithin(measure(address(1), address(runs), abi.encodeCall(runs.tick, (RUN))), 150_000);
        vm.snapshotGasLastCall("tick opens the first round");
    }
}

/// @dev The dearest claim: the first shares of a run, by an owner that has delegated its votes to itself.
abstract contract ClaimSharesGas is GasFixture {
    uint256 internal immutable MINERS;

    constructor(uint256 miners) {
        MINERS = miners;
    }

    function setUp() public {
        deploy();
        createRun();
        enlistAll(MINERS, 1);
        openFirstRound();
        playRound(MINERS);
        playRound(MINERS);
        pass(CHALLENGE_WINDOW);
    }

    function test_claimShares_costsAtMost150kForOneRound() public {
        uint32[] memory rounds = new uint32[](1);
        rounds[0] = 1;
        bytes memory data = abi.encodeCall(ownership.claimShares, (RUN, 2, rounds));
        requireWithin(measure(ownerOf(1), address(ownership), data), 150_000);
        vm.snapshotGasLastCall(string.concat("claimShares, members: ", decimal(MINERS)));
    }
}

contract ClaimSharesGasOf3 is ClaimSharesGas(3) {}

contract ClaimSharesGasOf200 is ClaimSharesGas(200) {}
