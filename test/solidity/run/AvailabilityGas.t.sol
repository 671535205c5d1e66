// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MemberSet} from "../../../contracts/types/MemberSet.sol";
import {GasFixture} from "../Gas.t.sol";
import {vm} from "../lib/Vm.sol";

/// @dev 200 miners and 3 validators, of whom 24 are drawn and have received everything.
abstract contract AttestGas is GasFixture {
    uint256 private constant MINERS = 200;

    uint256 private _next;

    function setUp() public {
        deploy();
        createRun();
        enlistAll(MINERS, 3);
        openFirstRound();
        commitAll(MINERS);
        tickAll();
        for (uint256 i = 0; i < before(); ++i) attestBy(next(), 1, received());
        _next = next();
        pass(1);
    }

    /// @dev How many have spoken.
    function before() internal pure virtual returns (uint256);

    function received() private pure returns (uint256) {
        return (uint256(1) << MINERS) - 1;
    }

    function next() private view returns (uint256 member) {
        MemberSet left = availability.viewOf(RUN, 1).committee.minus(availability.viewOf(RUN, 1).said);
        while (!left.has(uint8(member))) ++member;
    }

    function requireWithinFor(string memory name, uint256 budget) internal {
        bytes memory data = abi.encodeCall(availability.attest, (RUN, 1, MemberSet.wrap(received())));
        requireWithin(measure(nodeOf(_next), address(availability), data), budget);
        vm.snapshotGasLastCall(name);
    }
}

/// @dev The first voice also keeps the committee.
contract FirstAttestGas is AttestGas {
    function before() internal pure override returns (uint256) {
        return 0;
    }

    function test_attest_costsAtMost250kForTheFirstOfARound() public {
        requireWithinFor("attest, first of a round", 250_000);
    }
}

/// @dev The eighth carries through three digits of the count, and writes a new one.
contract EighthAttestGas is AttestGas {
    function before() internal pure override returns (uint256) {
        return 7;
    }

    function test_attest_costsAtMost150k() public {
        requireWithinFor("attest, eighth of a round", 150_000);
    }
}
