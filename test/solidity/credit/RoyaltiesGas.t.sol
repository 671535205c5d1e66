// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RoyaltyFixture} from "../lib/RoyaltyFixture.sol";

/// @dev Each test measures one call as its own transaction: `setUp` has brought the chain there, so storage is cold.
contract RoyaltiesGas is RoyaltyFixture {
    uint64 private constant CHILD = 2;

    /// @dev The first royalty is claimed by holder 1, whose shares have changed since; the second by nobody.
    function setUp() public {
        deployParent();
        for (uint256 i = 1; i < 5; ++i) endow(i, CAP / 5);
        createChild(CHILD, address(credits));
        credits.distribute(CHILD);
        claimRoyalty(1, 1);
        transferBy(1, 2, 1 ether);
        spendOfChild(CHILD, 1_000_003);
        credits.distribute(CHILD);
        spendOfChild(CHILD, 1_000_003);
    }

    function requireWithin(address target, bytes memory data, uint256 budget) private {
        requireWithin(holder(1), target, data, budget);
    }

    function test_distribute_costsAtMost170k() public {
        requireWithin(address(credits), abi.encodeCall(credits.distribute, (CHILD)), 170_000);
    }

    function test_claim_ofARoyalty_costsAtMost90k() public {
        uint32[] memory numbers = new uint32[](1);
        numbers[0] = 2;
        requireWithin(address(credits), abi.encodeCall(credits.claimRoyalties, (holder(1), numbers)), 90_000);
    }

    /// @dev Two holders' shares are kept.
    function test_transfer_afterARoyalty_costsAtMost150k() public {
        requireWithin(address(shares), abi.encodeCall(shares.transfer, (holder(2), 1 ether)), 150_000);
    }

    function test_transfer_afterTheFirstRoyalty_costsAtMost180k() public {
        requireWithin(holder(3), address(shares), abi.encodeCall(shares.transfer, (holder(4), 1 ether)), 180_000);
    }

    function test_secondTransfer_afterARoyalty_costsAtMost90k() public {
        transferBy(1, 2, 1 ether);
        // What is warm counts 25k less, in four words and two accounts.
        requireWithin(address(shares), abi.encodeCall(shares.transfer, (holder(2), 1 ether)), 90_000);
    }
}
