// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {DevelopmentToken} from "../../contracts/dev/DevelopmentToken.sol";
import {IStakeManager} from "../../contracts/stake/IStakeManager.sol";
import {StakeManager} from "../../contracts/stake/StakeManager.sol";
import {Duration, Instant} from "../../contracts/types/Time.sol";
import {FeeToken, ReentrantToken} from "./lib/HostileTokens.sol";
import {vm} from "./lib/Vm.sol";

contract StakeTest {
    uint32 private constant DELAY = 600;
    address private constant CLAIMS = address(0xC1);
    address private constant RUNS = address(0xC2);
    address private constant OTHER = address(0xC3);
    address private immutable ME = address(this);

    DevelopmentToken private _token;
    StakeManager private _stake;

    receive() external payable {}

    function setUp() public {
        vm.warp(1_000_000);
        vm.deal(ME, 1_000 ether);
        _token = new DevelopmentToken();
        _token.deposit{value: 1_000 ether}();
        _stake = vaultOf(address(_token));
        _token.approve(address(_stake), type(uint256).max);
    }

    function vaultOf(address token) private returns (StakeManager) {
        return new StakeManager(token, CLAIMS, RUNS, Duration.wrap(DELAY), Duration.wrap(DELAY));
    }

    function test_constructor_delayShorterThanWindow_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IStakeManager.UnbondingShorterThanWindow.selector, DELAY, DELAY + 1));
        new StakeManager(address(_token), CLAIMS, RUNS, Duration.wrap(DELAY), Duration.wrap(DELAY + 1));
    }

    function test_deposit_ofNothing_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IStakeManager.ZeroAmount.selector));
        _stake.deposit(0);
    }

    function test_deposit_isFreeStake() public {
        _stake.deposit(10);
        require(_stake.accountOf(ME).free == 10);
        require(_token.balanceOf(address(_stake)) == 10);
    }

    function test_deposit_ofATokenWithFees_reverts() public {
        FeeToken fee = new FeeToken();
        StakeManager vault = vaultOf(address(fee));
        fee.approve(address(vault), 100);
        vm.expectRevert(abi.encodeWithSelector(IStakeManager.TransferMismatch.selector, 99, 100));
        vault.deposit(100);
    }

    function test_deposit_whileTheTokenCallsBack_reverts() public {
        ReentrantToken token = new ReentrantToken();
        StakeManager vault = vaultOf(address(token));
        token.approve(address(vault), 100);
        token.arm(vault, abi.encodeCall(vault.deposit, (50)));
        vm.expectRevert(abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector));
        vault.deposit(100);
    }

    function test_withdraw_whileTheTokenCallsBack_reverts() public {
        ReentrantToken token = new ReentrantToken();
        StakeManager vault = vaultOf(address(token));
        token.approve(address(vault), 100);
        vault.deposit(100);
        vault.startUnbonding(100);
        vm.warp(vm.getBlockTimestamp() + DELAY);
        token.arm(vault, abi.encodeCall(vault.withdraw, ()));
        vm.expectRevert(abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector));
        vault.withdraw();
    }

    function test_depositWithPermit_needsNoApproval_evenIfThePermitIsSpent() public {
        uint256 key = 0xA11CE;
        address owner = vm.addr(key);
        _token.transfer(owner, 20);
        for (uint256 i = 0; i < 2; ++i) {
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, permitDigest(owner, 10));
            // The second time somebody else has submitted the permit first.
            if (i == 1) _token.permit(owner, address(_stake), 10, type(uint256).max, v, r, s);
            vm.prank(owner);
            _stake.depositWithPermit(10, type(uint256).max, v, r, s);
        }
        require(_stake.accountOf(owner).free == 20);
    }

    function permitDigest(address owner, uint256 amount) private view returns (bytes32) {
        bytes32 kind = keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        uint256 nonce = _token.nonces(owner);
        bytes32 words = keccak256(abi.encode(kind, owner, address(_stake), amount, nonce, type(uint256).max));
        return keccak256(abi.encodePacked("\x19\x01", _token.DOMAIN_SEPARATOR(), words));
    }

    function test_setNode_ofAnotherOwner_reverts() public {
        _stake.setNode(OTHER);
        vm.expectRevert(abi.encodeWithSelector(IStakeManager.NodeTaken.selector, OTHER, ME));
        vm.prank(address(5));
        _stake.setNode(OTHER);
    }

    function test_setNode_replacesTheEarlierKey() public {
        _stake.setNode(OTHER);
        require(_stake.ownerOf(OTHER) == ME && _stake.principalOf(OTHER) == ME);
        _stake.setNode(address(5));
        require(_stake.ownerOf(OTHER) == address(0) && _stake.principalOf(OTHER) == OTHER);
        require(_stake.ownerOf(address(5)) == ME && _stake.nodeOf(ME) == address(5));
        _stake.setNode(address(5));
        require(_stake.ownerOf(address(5)) == ME);
        _stake.setNode(address(0));
        require(_stake.ownerOf(address(5)) == address(0) && _stake.ownerOf(address(0)) == address(0));
    }

    function test_setNode_ofOneself_takesTheKeyBackFromWhoeverNamedIt() public {
        vm.prank(OTHER);
        _stake.setNode(ME);
        _stake.setNode(ME);
        require(_stake.ownerOf(ME) == ME && _stake.nodeOf(ME) == ME);
        require(_stake.nodeOf(OTHER) == address(0));
        // Whoever lost the key names another one, and takes nothing with it.
        vm.prank(OTHER);
        _stake.setNode(address(5));
        require(_stake.ownerOf(ME) == ME && _stake.ownerOf(address(5)) == OTHER);
    }

    function test_principalOf_aKeyWithStakeOfItsOwn_isItself_whoeverNamesIt() public {
        vm.prank(OTHER);
        _stake.setNode(ME);
        require(_stake.principalOf(ME) == OTHER);
        _stake.deposit(10);
        require(_stake.principalOf(ME) == ME);
        // Also when all of it is at risk.
        vm.prank(CLAIMS);
        _stake.lock(ME, 10);
        require(_stake.principalOf(ME) == ME);
    }

    function test_startUnbonding_ofNothing_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IStakeManager.ZeroAmount.selector));
        _stake.startUnbonding(0);
    }

    function test_startUnbonding_ofMoreThanFree_reverts() public {
        _stake.deposit(10);
        vm.prank(CLAIMS);
        _stake.lock(ME, 4);
        vm.expectRevert(abi.encodeWithSelector(IStakeManager.InsufficientFree.selector, ME, 6, 7));
        _stake.startUnbonding(7);
        _stake.startUnbonding(6);
    }

    function test_withdraw_ofNothing_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IStakeManager.NothingUnbonding.selector, ME));
        _stake.withdraw();
    }

    function test_withdraw_oneSecondEarly_reverts_andOnTimePays() public {
        _stake.deposit(10);
        _stake.startUnbonding(4);
        uint256 readyAt = vm.getBlockTimestamp() + DELAY;
        vm.warp(readyAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IStakeManager.StillUnbonding.selector, ME, readyAt));
        _stake.withdraw();
        vm.warp(readyAt);
        uint256 before = _token.balanceOf(ME);
        _stake.withdraw();
        require(_token.balanceOf(ME) == before + 4);
        require(Instant.unwrap(_stake.accountOf(ME).withdrawableAt) == 0);
    }

    function test_startUnbonding_again_restartsTheDelay() public {
        _stake.deposit(10);
        _stake.startUnbonding(4);
        vm.warp(vm.getBlockTimestamp() + DELAY);
        _stake.startUnbonding(1);
        vm.expectPartialRevert(IStakeManager.StillUnbonding.selector);
        _stake.withdraw();
    }

    function test_lockUnlockSlash_byAnyoneButClaims_reverts() public {
        bytes memory reason = abi.encodeWithSelector(IStakeManager.NotClaims.selector, ME, CLAIMS);
        vm.expectRevert(reason);
        _stake.lock(ME, 1);
        vm.expectRevert(reason);
        _stake.unlock(ME, 1);
        vm.expectRevert(reason);
        _stake.slash(ME, 1, ME);
        vm.expectRevert(reason);
        _stake.burnLocked(ME, 1);
    }

    function test_burnLocked_takesNoMoreThanIsLocked_andGivesItToNobody() public {
        _stake.deposit(10);
        vm.prank(CLAIMS);
        _stake.lock(ME, 5);
        vm.expectRevert(abi.encodeWithSelector(IStakeManager.InsufficientLocked.selector, ME, 5, 6));
        vm.prank(CLAIMS);
        _stake.burnLocked(ME, 6);
        vm.prank(CLAIMS);
        _stake.burnLocked(ME, 5);
        IStakeManager.Account memory account = _stake.accountOf(ME);
        require(account.locked == 0 && account.free == 5 && _stake.burned() == 5);
    }

    function test_burn_byAnyoneButRuns_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IStakeManager.NotRuns.selector, ME, RUNS));
        _stake.burn(ME, 1);
    }

    function test_lock_ofMoreThanFree_reverts() public {
        _stake.deposit(10);
        vm.expectRevert(abi.encodeWithSelector(IStakeManager.InsufficientFree.selector, ME, 10, 11));
        vm.prank(CLAIMS);
        _stake.lock(ME, 11);
    }

    function test_burn_ofMoreThanFree_reverts() public {
        _stake.deposit(10);
        vm.expectRevert(abi.encodeWithSelector(IStakeManager.InsufficientFree.selector, ME, 10, 11));
        vm.prank(RUNS);
        _stake.burn(ME, 11);
    }

    function test_unlockAndSlash_ofMoreThanLocked_revert() public {
        _stake.deposit(10);
        vm.prank(CLAIMS);
        _stake.lock(ME, 5);
        bytes memory reason = abi.encodeWithSelector(IStakeManager.InsufficientLocked.selector, ME, 5, 6);
        vm.expectRevert(reason);
        vm.prank(CLAIMS);
        _stake.unlock(ME, 6);
        vm.expectRevert(reason);
        vm.prank(CLAIMS);
        _stake.slash(ME, 6, OTHER);
    }

    function testFuzz_slash_burnsAtLeastHalf(uint128 amount) public {
        vm.assume(amount != 0 && amount <= 1_000 ether);
        _stake.deposit(amount);
        vm.prank(CLAIMS);
        _stake.lock(ME, amount);
        vm.prank(CLAIMS);
        _stake.slash(ME, amount, OTHER);
        require(_stake.burned() >= amount - amount / 2);
        require(_stake.burned() + _stake.accountOf(OTHER).free == amount);
        require(_stake.accountOf(ME).locked == 0);
        require(IERC20(_stake.token()).balanceOf(address(_stake)) == amount);
    }
}
