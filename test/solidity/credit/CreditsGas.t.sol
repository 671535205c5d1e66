// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CreditFixture} from "../lib/CreditFixture.sol";
import {vm} from "../lib/Vm.sol";

/// @dev Each test measures one call as its own transaction: `setUp` has brought the chain there, so storage is cold.
abstract contract CreditsGas is CreditFixture {
    address private constant SERVER = address(0x5e);
    uint256 internal immutable HOLDERS;

    constructor(uint256 holders) {
        HOLDERS = holders;
    }

    /// @dev All hold credits and have some to claim; the last has shares that are not registered, and no credits.
    function setUp() public {
        deployCredits();
        for (uint256 i = 1; i < HOLDERS; ++i) endow(i, CAP / 2_000);
        spendBy(1, 1_000, SERVER);
        for (uint256 i = 1; i < HOLDERS; ++i) credits.claim(holder(i));
        spendBy(1, 1_000_003, SERVER);
        shares.mint(holder(HOLDERS), CAP / 2_000);
    }

    function snapshot(string memory call) private {
        vm.snapshotGasLastCall(string.concat(call, HOLDERS == 10 ? ", holders: 10" : ", holders: 1000"));
    }

    function test_spend_costsAtMost50k() public {
        requireWithin(holder(1), address(credits), abi.encodeCall(credits.spend, (1_000_000, SERVER)), 50_000);
        snapshot("spend");
    }

    function test_claim_costsAtMost60k() public {
        requireWithin(holder(2), address(credits), abi.encodeCall(credits.claim, (holder(2))), 60_000);
        snapshot("claim");
    }

    /// @dev What a first claim writes that was never written: the balance, the holding and its mark.
    function test_claim_ofTheFirstCredits_costsAtMost115k() public {
        address last = holder(HOLDERS);
        requireWithin(last, address(credits), abi.encodeCall(credits.claim, (last)), 115_000);
        snapshot("first claim");
    }

    function test_transfer_ofShares_costsAtMost90k() public {
        bytes memory data = abi.encodeCall(shares.transfer, (holder(3), 1 ether));
        requireWithin(holder(2), address(shares), data, 90_000);
        snapshot("transfer of shares");
    }
}

contract CreditsGasOf10 is CreditsGas(10) {}

contract CreditsGasOf1000 is CreditsGas(1_000) {}
