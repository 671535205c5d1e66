// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICredits} from "../../../contracts/credit/ICredits.sol";
import {IShareToken} from "../../../contracts/own/IShareToken.sol";
import {ShareToken} from "../../../contracts/own/ShareToken.sol";
import {CreditFixture} from "./CreditFixture.sol";
import {vm} from "./Vm.sol";

/// @dev Run 1 has children, whose shares this contract mints as the ownership contract would. Its own credits are the pool.
abstract contract RoyaltyFixture is CreditFixture {
    /// @dev Of the shares of a child.
    uint96 internal constant GIVEN = CAP / 10;
    /// @dev Has the other shares of every child.
    uint256 internal constant TRAINER = 1_000_000;
    address internal constant SERVER = address(0x5e);

    mapping(uint64 runId => address) public shareTokenOf;

    function deployParent() internal {
        deployCredits();
        shareTokenOf[1] = address(shares);
    }

    /// @dev All credits of a run that are out are its trainer's, and the pool's.
    function createChild(uint64 runId, address pool) internal returns (ICredits) {
        ShareToken token = ShareToken(shareTokenFactory.create("Child", "KID", CAP, OWNERS_SHARE));
        shareTokenOf[runId] = address(token);
        token.mint(pool, GIVEN);
        token.mint(holder(TRAINER), CAP - GIVEN);
        ICredits child = ICredits(factory.create(address(token)));
        child.claim(holder(TRAINER));
        child.register(pool);
        return child;
    }

    function childCredits(uint64 runId) internal view returns (ICredits) {
        return ICredits(IShareToken(shareTokenOf[runId]).credits());
    }

    /// @dev A tenth of the owners' part is the pool's.
    function spendOfChild(uint64 runId, uint64 amount) internal {
        ICredits child = childCredits(runId);
        vm.prank(holder(TRAINER));
        child.spend(amount, SERVER);
    }

    /// @dev Of the trainer's credits, to the pool.
    function give(uint64 runId, uint256 amount) internal {
        ICredits child = childCredits(runId);
        vm.prank(holder(TRAINER));
        child.transfer(address(credits), amount);
    }

    function claimRoyalty(uint256 number, uint32 royalty) internal {
        uint32[] memory numbers = new uint32[](1);
        numbers[0] = royalty;
        credits.claimRoyalties(holder(number), numbers);
    }
}
