// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

import {ICredits} from "../../../contracts/credit/ICredits.sol";
import {ICreditsFactory} from "../../../contracts/credit/ICreditsFactory.sol";
import {CreditFixture} from "../lib/CreditFixture.sol";
import {vm} from "../lib/Vm.sol";

/// @dev An account that is a contract and agrees to everything, or to nothing.
contract SmartAccount is IERC1271 {
    bool public agrees = true;

    function refuse() external {
        agrees = false;
    }

    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        return agrees ? this.isValidSignature.selector : bytes4(0);
    }
}

/// @dev Holder 1 has a quarter of the shares, holder 2 a half; a quarter is not minted yet.
contract CreditsTest is CreditFixture {
    bytes32 private constant CLAIM = keccak256("Claim(address holder,address to,uint256 nonce,uint256 deadline)");
    address private constant SERVER = address(0x5e);
    uint256 private constant KEY = 77;

    function setUp() public {
        deployCredits();
        endow(1, CAP / 4);
        endow(2, CAP / 2);
    }

    function test_factory_refusesNoSupply() public {
        bytes memory code = vm.getCode("contracts/credit/CreditsFactory.sol:CreditsFactory");
        vm.expectRevert(ICreditsFactory.ZeroSupply.selector);
        deploy(bytes.concat(code, abi.encode(uint64(0))));
        deploy(bytes.concat(code, abi.encode(uint64(1))));
    }

    function deploy(bytes memory code) private returns (address deployed) {
        assembly ("memory-safe") {
            deployed := create(0, add(code, 32), mload(code))
        }
    }

    function test_credits_areMadeOnce_whereTheSharesExpectThem() public {
        require(factory.creditsOf(address(shares)) == address(credits), "elsewhere");
        require(credits.shares() == address(shares) && credits.supply() == SUPPLY, "on other terms");
        require(credits.ownersShare() == OWNERS_SHARE && shares.ownersShare() == OWNERS_SHARE, "with another split");
        try factory.create(address(shares)) {
            revert("made twice");
        } catch {}
    }

    function test_everyShare_bringsItsPartOfTheSupply_whenItIsMinted() public {
        require(
            credits.balanceOf(holder(1)) == SUPPLY / 4 && credits.balanceOf(holder(2)) == SUPPLY / 2,
            "another part"
        );
        shares.mint(holder(1), CAP / 4);
        require(credits.claimableDown(holder(1)) == SUPPLY / 4, "not seen");
        credits.claim(holder(1));
        require(credits.balanceOf(holder(1)) == SUPPLY / 2, "not brought");
        require(credits.pooled() == 0 && credits.totalSupply() == SUPPLY, "some are left");
    }

    function test_shares_mintedAndMovedBeforeThereAreCredits_bringTheirPartOnce() public {
        deployShares(SUPPLY, OWNERS_SHARE);
        shares.mint(holder(1), CAP / 2);
        transferBy(1, 2, CAP / 4);
        factory.create(address(shares));
        shares.mint(holder(1), CAP / 4);
        transferBy(2, 1, CAP / 8);
        credits.claim(holder(1));
        credits.claim(holder(2));
        // A share had brought nothing when it was moved before there were credits; afterwards the giver had it registered.
        require(
            credits.balanceOf(holder(1)) == SUPPLY / 2 && credits.balanceOf(holder(2)) == SUPPLY / 4,
            "another part"
        );
    }

    function test_spend_burns_andGivesToServersAndOwners() public {
        uint256 before = credits.totalSupply();
        uint64 toServer = spendBy(1, 1_000_001, SERVER);
        require(toServer == 430_000 && credits.servedOf(SERVER) == toServer, "another part, or rounded up");
        require(
            credits.totalSupply() == before - 1_000_001 && credits.pooled() == SUPPLY - before + 1_000_001,
            "not burned"
        );
        // A third and two thirds of what the owners get.
        require(
            credits.claimableDown(holder(1)) == 190_000 && credits.claimableDown(holder(2)) == 380_000,
            "not shared"
        );
    }

    function test_spend_allToOwners_leavesServersNothing() public {
        deployShares(SUPPLY, 1e6);
        factory.create(address(shares));
        endow(1, CAP / 4);
        require(spendBy(1, 1_000, SERVER) == 0 && credits.servedOf(SERVER) == 0, "something");
        require(credits.claimableDown(holder(1)) == 1_000, "not all");
    }

    function test_spend_ofNothing_reverts_andOfOneWorks() public {
        vm.expectRevert(ICredits.ZeroSpend.selector);
        credits.spend(0, SERVER);
        // The server's part is less than one and rounded away from it.
        require(spendBy(1, 1, SERVER) == 0, "rounded up");
    }

    function test_spend_ofMoreThanOneHas_reverts() public {
        address payer = holder(1);
        uint256 balance = credits.balanceOf(payer);
        vm.prank(payer);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, payer, balance, balance + 1)
        );
        credits.spend(uint64(balance + 1), SERVER);
        spendBy(1, uint64(balance), SERVER);
    }

    function test_claim_paysOnce_andKeepsTheFraction() public {
        spendBy(1, 100, SERVER);
        // Of 57, holder 1 has earned 19 and holder 2 38; of another 57 as much.
        spendBy(1, 101, SERVER);
        require(earnedBy(holder(1)) / 1e24 == 38_333, "another part");
        require(credits.claim(holder(1)) == 38 && credits.claim(holder(1)) == 0, "paid twice");
        require(earnedBy(holder(1)) / 1e24 == 333, "the fraction is lost");
        spendBy(2, 2, SERVER);
        require(credits.claim(holder(1)) == 1, "the fraction does not count");
    }

    function test_transfer_movesTheFuture_andNoPast() public {
        spendBy(1, 3_000_000, SERVER);
        uint64 first = credits.claimableDown(holder(1));
        uint64 second = credits.claimableDown(holder(2));
        transferBy(1, 3, CAP / 4);
        transferBy(2, 2, CAP / 2);
        transferBy(2, 3, 0);
        require(
            credits.claimableDown(holder(1)) == first && credits.claimableDown(holder(2)) == second,
            "past changed"
        );
        require(credits.claimableDown(holder(3)) == 0, "past was bought");
        spendBy(2, 3_000_000, SERVER);
        require(credits.claimableDown(holder(1)) == first, "earns without shares");
        require(credits.claimableDown(holder(3)) == first && credits.claimableDown(holder(2)) == 2 * second, "future");
    }

    function test_mintedShares_earnFromTheirRegistration_andNotBefore() public {
        shares.mint(holder(3), CAP / 4);
        spendBy(1, 1_000_000, SERVER);
        require(credits.claimableDown(holder(3)) == SUPPLY / 4, "more than what they bring");
        credits.register(holder(3));
        spendBy(1, 1_000_000, SERVER);
        require(credits.claimableDown(holder(3)) == SUPPLY / 4 + 570_000 / 4, "not registered");
    }

    function test_transfer_ofSharesJustMinted_registersThemForTheGiver() public {
        shares.mint(holder(3), CAP / 4);
        transferBy(3, 4, CAP / 4);
        require(
            credits.claimableDown(holder(3)) == SUPPLY / 4 && credits.claimableDown(holder(4)) == 0,
            "brought along"
        );
    }

    function test_transfer_ofMoreThanOneHas_isTheTokensError() public {
        vm.prank(holder(1));
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, holder(1), CAP / 4, CAP / 4 + 1)
        );
        shares.transfer(holder(2), CAP / 4 + 1);
    }

    function test_transfer_toAnyAddress_settles() public {
        address[3] memory odd = [address(credits), address(shares), address(factory)];
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(holder(1));
            shares.transfer(odd[i], 3 ether);
            (, uint96 registered, ) = credits.holdingOf(odd[i]);
            require(registered == 3 ether, "not settled");
        }
    }

    /// @dev The hook cannot be left out by giving the transfer little gas: both happen, or nothing.
    function test_transfer_withLittleGas_movesBothKindsOfShares_orNone() public {
        bytes memory data = abi.encodeCall(shares.transfer, (holder(3), CAP / 8));
        uint256 snapshot = vm.snapshotState();
        uint256 succeeded = 0;
        for (uint256 gas = 20_000; gas <= 200_000; gas += 1_000) {
            vm.prank(holder(1));
            (bool isOk, ) = address(shares).call{gas: gas}(data);
            (, uint96 registered, ) = credits.holdingOf(holder(3));
            require(
                registered == shares.balanceOf(holder(3)) && registered == (isOk ? CAP / 8 : 0),
                "one without the other"
            );
            if (isOk) ++succeeded;
            require(vm.revertToState(snapshot), "not reverted");
            snapshot = vm.snapshotState();
        }
        require(succeeded != 0 && succeeded < 181, "always, or never");
    }

    function test_onShareTransfer_byAnyoneElse_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(ICredits.NotShares.selector, address(this), address(shares)));
        credits.onShareTransfer(holder(1), holder(2), 0);
    }

    function test_withdrawServed_upToWhatWasServed() public {
        uint64 served = spendBy(1, 1_000_000, SERVER);
        vm.prank(SERVER);
        vm.expectRevert(abi.encodeWithSelector(ICredits.InsufficientServed.selector, SERVER, served, served + 1));
        credits.withdrawServed(SERVER, served + 1);
        vm.prank(SERVER);
        credits.withdrawServed(holder(9), served);
        require(credits.balanceOf(holder(9)) == served && credits.servedOf(SERVER) == 0, "not paid");
    }

    function sign(uint256 key, address owner, address to, uint256 nonce) private view returns (bytes memory) {
        bytes32 content = keccak256(abi.encode(CLAIM, owner, to, nonce, vm.getBlockTimestamp()));
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", credits.DOMAIN_SEPARATOR(), content));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function test_claimTo_paysWhereTheHolderSigned_once() public {
        address owner = vm.addr(KEY);
        shares.mint(owner, CAP / 4);
        bytes memory signature = sign(KEY, owner, holder(8), 0);
        uint256 deadline = vm.getBlockTimestamp();
        vm.expectRevert(abi.encodeWithSelector(ICredits.InvalidClaim.selector, owner));
        credits.claimTo(owner, holder(9), deadline, signature);
        credits.claimTo(owner, holder(8), deadline, signature);
        require(credits.balanceOf(holder(8)) == SUPPLY / 4 && credits.balanceOf(owner) == 0, "elsewhere");
        vm.expectRevert(abi.encodeWithSelector(ICredits.InvalidClaim.selector, owner));
        credits.claimTo(owner, holder(8), deadline, signature);
    }

    function test_claimTo_afterTheDeadline_reverts() public {
        address owner = vm.addr(KEY);
        bytes memory signature = sign(KEY, owner, holder(8), 0);
        uint256 deadline = vm.getBlockTimestamp();
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(ICredits.ClaimExpired.selector, deadline));
        credits.claimTo(owner, holder(8), deadline, signature);
    }

    function test_claimTo_ofASmartAccount_asksIt() public {
        SmartAccount account = new SmartAccount();
        shares.mint(address(account), CAP / 8);
        account.refuse();
        uint256 deadline = vm.getBlockTimestamp();
        vm.expectRevert(abi.encodeWithSelector(ICredits.InvalidClaim.selector, address(account)));
        credits.claimTo(address(account), holder(8), deadline, "");
        SmartAccount other = new SmartAccount();
        shares.mint(address(other), CAP / 8);
        credits.claimTo(address(other), holder(8), deadline, "");
        require(credits.balanceOf(holder(8)) == SUPPLY / 8, "not paid");
    }
}
