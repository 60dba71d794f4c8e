//! One write request, alone or as a part of a transaction.

use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, ConditionCheck, Delete, Put, ReturnValue, TransactWriteItem, Update,
};

use super::client::{Connection, unless_busy};
use super::convert::Item;
use super::error::{convert, is_condition};
use super::expression::Terms;
use crate::value::Name;
use crate::{Error, Result};

/// A change to one stored item.
#[derive(Clone, Debug)]
pub(super) struct Action {
    /// The table, for messages.
    pub(super) table: Name,
    /// What the service calls it.
    pub(super) stored_in: String,
    /// What is done.
    pub(super) body: Body,
    /// What must hold of the item.
    pub(super) condition: Option<String>,
    /// What the expressions speak of.
    pub(super) terms: Terms,
}

/// What is done to an item.
#[derive(Clone, Debug)]
pub(super) enum Body {
    /// It is stored whole.
    Put(Item),
    /// The item with this key is changed by the expression.
    Update(Item, Option<String>),
    /// The item with this key is removed.
    Delete(Item),
    /// Nothing, if the condition holds of the item with this key.
    Check(Item),
}

/// How one action ended.
#[derive(Debug)]
pub(super) enum Sent {
    /// Done; with the item that was asked for.
    Done(Option<Item>),
    /// The condition does not hold, nothing was done.
    Refused,
}

/// How a transaction ended.
#[derive(Debug)]
pub(super) enum Together {
    /// All actions are done.
    Done,
    /// Nothing was done; of these actions, by place, the condition does not hold. None when others were in
    /// the way.
    Refused(Vec<usize>),
}

impl Connection {
    /// Carries out one action, once.
    ///
    /// # Errors
    /// Those of the service, but for a condition that does not hold.
    pub(super) async fn send(&self, action: &Action, wanted: Option<ReturnValue>) -> Result<Sent> {
        let client = self.single().await?;
        let (names, values) = (action.terms.names(), action.terms.values());
        let (table, condition) = (&action.stored_in, &action.condition);
        // The three builders are alike and have nothing in common.
        macro_rules! send {
            ($call:expr) => {{
                let call = $call
                    .table_name(table)
                    .set_condition_expression(condition.clone())
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .set_return_values(wanted);
                match unless_busy(|| call.clone().send()).await {
                    Ok(done) => Ok(Sent::Done(done.attributes)),
                    Err(error) if is_condition(&error) => Ok(Sent::Refused),
                    Err(error) => Err(convert(error, &action.table, true)),
                }
            }};
        }
        match &action.body {
            Body::Put(item) => send!(client.put_item().set_item(Some(item.clone()))),
            Body::Update(key, expression) => {
                let call = client.update_item().set_key(Some(key.clone()));
                send!(call.set_update_expression(expression.clone()))
            }
            Body::Delete(key) => send!(client.delete_item().set_key(Some(key.clone()))),
            // There is nothing to do alone: what was read said all.
            Body::Check(_) => Ok(Sent::Done(None)),
        }
    }

    /// Carries out all actions or none; the service recognises the request when it is sent again.
    ///
    /// # Errors
    /// Those of the service, but for conditions that do not hold and transactions in the way.
    pub(super) async fn send_together(&self, actions: &[Action]) -> Result<Together> {
        let items: Result<Vec<_>, BuildError> = actions.iter().map(part).collect();
        let items = items.map_err(|e| Error::internal("a transaction of dynamodb").source(e))?;
        let table = actions.first().map(|action| action.table.clone()).unwrap_or_default();
        let client = self.repeating().await?;
        let call = client.transact_write_items().set_transact_items(Some(items));
        let Err(error) = unless_busy(|| call.clone().send()).await else { return Ok(Together::Done) };
        let Some(reasons) = reasons(&error) else { return Err(convert(error, &table, true)) };
        let with = |code: &str| -> Vec<usize> {
            let places = reasons.iter().enumerate();
            places.filter(|(_, reason)| reason.code() == Some(code)).map(|(at, _)| at).collect()
        };
        let refused = with("ConditionalCheckFailed");
        let in_the_way = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
        if reasons.is_empty() || !refused.is_empty() || in_the_way.iter().any(|code| !with(code).is_empty()) {
            return Ok(Together::Refused(refused));
        }
        let malformed = reasons.iter().find(|reason| reason.code().is_some_and(|code| code != "None"));
        let text = malformed.and_then(CancellationReason::message).unwrap_or_default();
        if text.to_lowercase().contains("item size") {
            let message = format!(
                "a record of table {table} would be larger than 400 KB, which is the most that dynamodb takes"
            );
            return Err(Error::new(crate::ErrorKind::TooLarge, message).source(error));
        }
        Err(Error::invalid("the transaction has a value that does not fit its table").source(error))
    }
}

fn part(action: &Action) -> Result<TransactWriteItem, BuildError> {
    let (names, values) = (action.terms.names(), action.terms.values());
    let (table, condition) = (action.stored_in.clone(), action.condition.clone());
    macro_rules! build {
        ($call:expr) => {
            $call
                .table_name(table)
                .set_condition_expression(condition)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values)
                .build()?
        };
    }
    let item = TransactWriteItem::builder();
    Ok(match &action.body {
        Body::Put(whole) => item.put(build!(Put::builder().set_item(Some(whole.clone())))),
        Body::Update(key, Some(expression)) => {
            item.update(build!(Update::builder().set_key(Some(key.clone())).update_expression(expression)))
        }
        Body::Delete(key) => item.delete(build!(Delete::builder().set_key(Some(key.clone())))),
        Body::Update(key, None) | Body::Check(key) => {
            item.condition_check(build!(ConditionCheck::builder().set_key(Some(key.clone()))))
        }
    }
    .build())
}

fn reasons<R>(error: &SdkError<TransactWriteItemsError, R>) -> Option<&[CancellationReason]> {
    match error.as_service_error()? {
        TransactWriteItemsError::TransactionCanceledException(canceled) => {
            Some(canceled.cancellation_reasons())
        }
        other if other.code() == Some("TransactionConflictException") => Some(&[]),
        _ => None,
    }
}
