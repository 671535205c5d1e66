// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

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
    ShareToken internal shares;
    ICredits internal credits;

    function deployShares(uint64 supply, uint32 ownersShare) internal {
        vm.warp(1_000_000);
        factory = ICreditsFactory(create("credit/CreditsFactory.sol:CreditsFactory", abi.encode(supply)));
        bytes memory arguments = abi.encode(factory);
        address maker = create("own/ShareTokenFactory.sol:ShareTokenFactory", arguments);
        shares = ShareToken(IShareTokenFactory(maker).create("Run One", "ONE", CAP, ownersShare));
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

    /// @dev What a holder of registered shares has earned, in 1e-27 of a unit.
    function earnedBy(address owner) internal view returns (uint256) {
        (uint160 perShare, , ) = credits.ownersPart();
        (uint160 settledAt, uint96 registered, uint256 earned) = credits.holdingOf(owner);
        return earned + uint256(registered) * (perShare - settledAt);
    }
}
