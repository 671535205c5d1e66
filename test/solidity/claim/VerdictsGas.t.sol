// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RunParameters} from "../../../contracts/run/RunParameters.sol";
import {MemberSet} from "../../../contracts/types/MemberSet.sol";
import {GasFixture} from "../Gas.t.sol";
import {Fixture} from "../lib/Fixture.sol";
import {vm} from "../lib/Vm.sol";
import {VerdictsFixture} from "./Verdicts.t.sol";

/// @dev Two validators (members 3 and 4), each of whom judges two of three claims.
abstract contract VerdictsGas is GasFixture, VerdictsFixture {
    function parameters() internal view override(Fixture, GasFixture) returns (RunParameters memory) {
        return GasFixture.parameters();
    }

    function prepare() internal {
        deploy();
        createRun();
        enlistAll(3, 2);
        openFirstRound();
        commitAll(3);
        tickAll();
        readDraw(3);
    }
}

/// @dev The first seal in a run keeps the run's terms, and the first in a round who is on duty.
contract FirstVerdictsSealGas is VerdictsGas {
    function setUp() public {
        prepare();
    }

    function test_seal_costsAtMost250kForTheFirstOfARun() public {
        bytes memory data = abi.encodeCall(verdicts.seal, (RUN, 1, keccak256("root")));
        requireWithin(measure(nodeOf(3), address(verdicts), data), 250_000);
        vm.snapshotGasLastCall("seal verdicts, first of the run");
    }
}

/// @dev The first seal of a round looks at claim after claim until every validator has a duty: here 24 claims, 16 validators.
contract ManyVerdictsSealGas is VerdictsGas {
    address private _first;

    function setUp() public {
        deploy();
        createRun();
        enlistAll(24, 16);
        openFirstRound();
        commitAll(24);
        tickAll();
        MemberSet onDuty = verdicts.onDutyOf(RUN, 1);
        _first = nodeOf(onDuty.indexAt(0));
    }

    function test_seal_costsAtMost600kForTheFirstOfARoundOfForty() public {
        bytes memory data = abi.encodeCall(verdicts.seal, (RUN, 1, keccak256("root")));
        requireWithin(measure(_first, address(verdicts), data), 600_000);
        vm.snapshotGasLastCall("seal verdicts, first of a round of forty");
    }
}

contract VerdictsSealGas is VerdictsGas {
    function setUp() public {
        prepare();
        sealBy(3);
    }

    function test_seal_costsAtMost150k() public {
        bytes memory data = abi.encodeCall(verdicts.seal, (RUN, 1, keccak256("root")));
        requireWithin(measure(nodeOf(4), address(verdicts), data), 150_000);
        vm.snapshotGasLastCall("seal verdicts");
    }
}

contract VerdictRevealGas is VerdictsGas {
    bytes private _data;

    function setUp() public {
        prepare();
        sealBy(3);
        sealBy(4);
        bytes32[] memory proof = new bytes32[](1);
        proof[0] = leafOf(verdictOf(3, 1));
        _data = abi.encodeCall(verdicts.reveal, (verdictOf(3, 0), SALT, proof));
    }

    function test_reveal_costsAtMost200k() public {
        requireWithin(measure(nodeOf(3), address(verdicts), _data), 200_000);
        vm.snapshotGasLastCall("reveal a verdict");
    }
}
