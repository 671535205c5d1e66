// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {Duration, Instant, now_} from "../types/Time.sol";
import {IStakeManager} from "./IStakeManager.sol";

/// @title StakeManager
/// @notice The manual is {IStakeManager}.
contract StakeManager is IStakeManager, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    // The order packs free and locked in one word: a commit writes one word here.
    mapping(address owner => Account) private _accounts;

    /// @inheritdoc IStakeManager
    mapping(address owner => address) public nodeOf;

    /// @inheritdoc IStakeManager
    mapping(address node => address) public ownerOf;

    /// @inheritdoc IStakeManager
    uint256 public burned;

    /// @inheritdoc IStakeManager
    address public immutable token;

    /// @inheritdoc IStakeManager
    address public immutable claims;

    /// @inheritdoc IStakeManager
    address public immutable runs;

    /// @inheritdoc IStakeManager
    Duration public immutable unbondingDelay;

    modifier onlyClaims() {
        require(msg.sender == claims, NotClaims(msg.sender, claims));
        _;
    }

    /// @param longestWindow of the claims contract: no claim can be challenged for longer
    constructor(address token_, address claims_, address runs_, Duration delay, Duration longestWindow) {
        // INVARIANT: stake is still there when the last window that may slash it closes.
        require(!longestWindow.isLongerThan(delay), UnbondingShorterThanWindow(delay, longestWindow));

        token = token_;
        claims = claims_;
        runs = runs_;
        unbondingDelay = delay;
    }

    /// @inheritdoc IStakeManager
    function setNode(address node) external {
        // INVARIANT: a node key works for one owner only.
        address taken = ownerOf[node];
        bool isOthers = node != address(0) && taken != address(0) && taken != msg.sender;
        // Naming takes no consent of the key, so the key itself may undo it.
        require(!isOthers || node == msg.sender, NodeTaken(node, taken));

        if (isOthers) {
            delete nodeOf[taken];
            emit NodeSet(taken, address(0));
        }
        delete ownerOf[nodeOf[msg.sender]];
        nodeOf[msg.sender] = node;
        if (node != address(0)) ownerOf[node] = msg.sender;

        emit NodeSet(msg.sender, node);
    }

    /// @inheritdoc IStakeManager
    function deposit(uint128 amount) external nonReentrant {
        _deposit(amount);
    }

    /// @inheritdoc IStakeManager
    function depositWithPermit(uint128 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external nonReentrant {
        // Somebody may have submitted the permit first; then its allowance is there and this call is not needed.
        try IERC20Permit(token).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        _deposit(amount);
    }

    /// @inheritdoc IStakeManager
    function startUnbonding(uint128 amount) external {
        require(amount != 0, ZeroAmount());
        Account storage account = _accounts[msg.sender];
        // INVARIANT: nobody unbonds more than is free.
        require(account.free >= amount, InsufficientFree(msg.sender, account.free, amount));

        account.free -= amount;
        account.unbonding += amount;
        account.withdrawableAt = now_().plus(unbondingDelay);

        emit UnbondingStarted(msg.sender, amount, account.withdrawableAt);
    }

    /// @inheritdoc IStakeManager
    function withdraw() external nonReentrant {
        Account storage account = _accounts[msg.sender];
        uint128 amount = account.unbonding;
        require(amount != 0, NothingUnbonding(msg.sender));
        // INVARIANT: no stake leaves before its delay is over.
        require(now_().isAtOrAfter(account.withdrawableAt), StillUnbonding(msg.sender, account.withdrawableAt));

        account.unbonding = 0;
        account.withdrawableAt = Instant.wrap(0);

        emit Withdrawn(msg.sender, amount);

        IERC20(token).safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc IStakeManager
    function lock(address owner, uint128 amount) external onlyClaims {
        Account storage account = _accounts[owner];
        (uint128 free, uint128 locked) = (account.free, account.locked);
        // INVARIANT: a bond is covered by stake that is at risk for nothing else.
        require(free >= amount, InsufficientFree(owner, free, amount));

        account.free = free - amount;
        account.locked = locked + amount;
    }

    /// @inheritdoc IStakeManager
    function unlock(address owner, uint128 amount) external onlyClaims {
        Account storage account = _accounts[owner];
        // INVARIANT: no more is freed than was locked.
        require(account.locked >= amount, InsufficientLocked(owner, account.locked, amount));

        account.locked -= amount;
        account.free += amount;
    }

    /// @inheritdoc IStakeManager
    function slash(address owner, uint128 amount, address winner) external onlyClaims {
        Account storage account = _accounts[owner];
        // INVARIANT: only what was locked is taken.
        require(account.locked >= amount, InsufficientLocked(owner, account.locked, amount));

        uint128 won = amount / 2;
        uint128 lost = amount - won;
        account.locked -= amount;
        _accounts[winner].free += won;
        burned += lost;

        emit Slashed(owner, winner, lost, won);
    }

    /// @inheritdoc IStakeManager
    function burn(address owner, uint128 amount) external {
        require(msg.sender == runs, NotRuns(msg.sender, runs));
        Account storage account = _accounts[owner];
        // INVARIANT: a joining price comes from free stake alone.
        require(account.free >= amount, InsufficientFree(owner, account.free, amount));

        account.free -= amount;
        burned += amount;

        emit Burned(owner, amount);
    }

    /// @inheritdoc IStakeManager
    function burnLocked(address owner, uint128 amount) external onlyClaims {
        Account storage account = _accounts[owner];
        // INVARIANT: only what was locked is taken.
        require(account.locked >= amount, InsufficientLocked(owner, account.locked, amount));

        account.locked -= amount;
        burned += amount;

        emit Burned(owner, amount);
    }

    /// @inheritdoc IStakeManager
    function accountOf(address owner) external view returns (Account memory) {
        return _accounts[owner];
    }

    /// @inheritdoc IStakeManager
    function principalOf(address key) external view returns (address) {
        // INVARIANT: nobody can put itself in the place of a key that has stake of its own, by naming it.
        Account storage account = _accounts[key];
        if (account.free != 0 || account.locked != 0) return key;
        address owner = ownerOf[key];
        return owner == address(0) ? key : owner;
    }

    /// @dev Credits before the transfer: a token that calls back finds the books closed, and the guard shut.
    function _deposit(uint128 amount) private {
        require(amount != 0, ZeroAmount());
        uint256 before = IERC20(token).balanceOf(address(this));
        _accounts[msg.sender].free += amount;

        emit Deposited(msg.sender, amount);

        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = IERC20(token).balanceOf(address(this)) - before;
        // INVARIANT: the vault received exactly what it credited.
        require(received == amount, TransferMismatch(received, amount));
    }
}
