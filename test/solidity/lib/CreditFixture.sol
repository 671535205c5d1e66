// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {ICredits} from "../../../contracts/credit/ICredits.sol";
import {ICreditsFactory} from "../../../contracts/credit/ICreditsFactory.sol";
import {IShareTokenFactory} from "../../../contracts/own/IShareTokenFactory.sol";
import {ShareToken} from "../../../contracts/own/ShareToken.sol";
import {vm} from "./Vm.sol";

/// @dev The share token of a run, minted by this contract, and the run's credits.
abstract contract CreditFixture {
    uint64 internal constant SUPPLY = 1e12;
    uint32 internal constant OWNERS_SHARE = 570_000;
    uint96 internal constant CAP = 1_000_000 ether;
    uint256 internal constant UNIT = 1e27;

    ICreditsFactory internal factory;
    IShareTokenFactory internal shareTokenFactory;
    ShareToken internal shares;
    ICredits internal credits;

    function deployShares(uint64 supply, uint32 ownersShare) internal {
        vm.warp(1_000_000);
        factory = ICreditsFactory(create("credit/CreditsFactory.sol:CreditsFactory", abi.encode(supply)));
        bytes memory arguments = abi.encode(factory);
        shareTokenFactory = IShareTokenFactory(create("own/ShareTokenFactory.sol:ShareTokenFactory", arguments));
        shares = ShareToken(shareTokenFactory.create("Run One", "ONE", CAP, ownersShare));
        credits = ICredits(shares.credits());
    }

    function deployCredits() internal {
        deployShares(SUPPLY, OWNERS_SHARE);
        factory.create(address(shares));
    }

    /// @dev From the artifact: a test that contained the code would be compiled with all of it.
    function create(string memory artifact, bytes memory arguments) internal returns (address deployed) {
        bytes memory code = bytes.concat(vm.getCode(string.concat("contracts/", artifact)), arguments);
        assembly ("memory-safe") {
            deployed := create(0, add(code, 32), mload(code))
        }
        require(deployed != address(0), "not deployed");
    }

    function holder(uint256 number) internal pure returns (address) {
        return address(uint160(0x3000_0000 + number));
    }

    /// @dev Shares with their first credits, claimed.
    function endow(uint256 number, uint96 amount) internal {
        shares.mint(holder(number), amount);
        credits.claim(holder(number));
    }

    function spendBy(uint256 number, uint64 amount, address server) internal returns (uint64) {
        vm.prank(holder(number));
        return credits.spend(amount, server);
    }

    function transferBy(uint256 from, uint256 to, uint256 amount) internal {
        vm.prank(holder(from));
        shares.transfer(holder(to), amount);
    }

    /// @dev Of one call as its own transaction.
    function requireWithin(address sender, address target, bytes memory data, uint256 budget) internal {
        // The called account of a transaction is warm.
        require(target.code.length != 0, "nobody there");
        vm.prank(sender);
        uint256 before = gasleft();
        (bool isOk, ) = target.call(data);
        uint256 used = before - gasleft() + 21_000;
        require(isOk, "call failed");
        for (uint256 i = 0; i < data.length; ++i) used += data[i] == 0 ? 4 : 16;
        require(used <= budget, string.concat("gas over budget: ", Strings.toString(used)));
    }

    /// @dev What a holder of registered shares has earned, in 1e-27 of a unit.
    function earnedBy(address owner) internal view returns (uint256) {
        (uint160 perShare, , ) = credits.ownersPart();
        (uint160 settledAt, uint96 registered, uint256 earned) = credits.holdingOf(owner);
        return earned + uint256(registered) * (perShare - settledAt);
    }
}
